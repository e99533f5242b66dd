import { useQuery } from "@tanstack/react-query";
import { readWords } from "../../api/known";
import { useWords } from "../../i18n/text";

const ENOUGH = 8; // characters that can say what it is

/** What the words read like while nobody has chosen: one press takes it, another choice stays. */
export function Reading({ words, onTake }: { words: string; onTake: (category: string) => void }) {
  const { t, say } = useWords();
  const said = words.trim();
  const reading = useQuery({
    queryKey: ["reading", said],
    queryFn: () => readWords(said),
    enabled: said.length >= ENOUGH,
  });
  const likely = reading.data?.suggestions.slice(0, reading.data.sure ? 1 : 3) ?? [];
  if (!likely.length) return null;
  return (
    <p className="hint reading" role="status">
      {t(reading.data?.sure ? "portal.readsLike" : "portal.mayBe")}{" "}
      {likely.map((each) => (
        <button
          key={each.category}
          type="button"
          className="button quiet"
          onClick={() => onTake(each.category)}
        >
          {say(each.name)}
        </button>
      ))}
    </p>
  );
}
