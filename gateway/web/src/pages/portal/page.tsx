import { useMutation, useQuery } from "@tanstack/react-query";
import { useRef, useState, type SyntheticEvent } from "react";
import { fileAppeal, getCategories } from "../../api/calls";
import { keys } from "../../api/keys";
import type { KnownTrouble } from "../../api/known";
import { ApiError } from "../../api/problem";
import { useDraft } from "../../format/draft";
import { useWords } from "../../i18n/text";
import { categoryIcon, Icon } from "../../parts/icon";
import { FieldError, Trouble, Waiting } from "../../parts/trouble";
import { PortalFrame } from "./frame";
import { KnownTroubles } from "./known-troubles";
import { PhotoField } from "./photo-field";
import { PlaceField } from "./place-field";
import type { Spot } from "./places";
import { Reading } from "./reading";
import { Receipt } from "./receipt";

/** submission: a secret of this appeal, so that what is sent twice is one. */
interface Draft {
  submission: string;
  category: string;
  spot: Spot | null;
  words: string;
  email: string;
}
const EMPTY: Draft = { submission: "", category: "", spot: null, words: "", email: "" };

const secret = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");

function formOf(draft: Draft, photos: File[]): FormData {
  const form = new FormData();
  form.set("submission", draft.submission);
  form.set("category", draft.category);
  form.set("description", draft.words.trim());
  if (draft.spot?.kind === "house") form.set("place", draft.spot.id);
  if (draft.spot?.kind === "point") {
    form.set("latitude", String(draft.spot.latitude));
    form.set("longitude", String(draft.spot.longitude));
  }
  if (draft.email.trim()) form.set("email", draft.email.trim());
  for (const photo of photos) form.append("photo", photo);
  return form;
}

/** The front page: report a problem in under a minute, without an account. */
export function Portal() {
  const { t, say, language } = useWords();
  const categories = useQuery({ queryKey: keys.categories, queryFn: getCategories });
  const [draft, setDraft, clearDraft] = useDraft<Draft>("appeal", EMPTY);
  const [photos, setPhotos] = useState<File[]>([]);
  const [tried, setTried] = useState(false);
  const [read, setRead] = useState(draft.words);
  const form = useRef<HTMLFormElement>(null);
  const file = useMutation({ mutationFn: fileAppeal, onSuccess: clearDraft });
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part });

  const said = file.error instanceof ApiError ? file.error : null;
  const wrong = {
    category: said?.field(language, "category") ?? null,
    place:
      (tried && !draft.spot ? t("portal.needPlace") : null) ??
      said?.field(language, "place", "address", "latitude", "longitude") ??
      null,
    words:
      (tried && !draft.words.trim() ? t("portal.needWords") : null) ??
      said?.field(language, "description") ??
      null,
    email: said?.field(language, "email") ?? null,
    photo: said?.field(language, "photo") ?? null,
  };

  const marked = said !== null && Object.values(wrong).some((words) => words !== null);

  function send(whole: Draft, joins?: number | null) {
    const kept = { ...whole, submission: whole.submission || secret() };
    if (kept.submission !== draft.submission) change({ submission: kept.submission });
    const sent = formOf(kept, photos);
    if (joins) sent.set("joins", String(joins));
    file.mutate(sent);
  }

  function join(trouble: KnownTrouble) {
    const words = draft.words.trim() || t("portal.known.same", { name: say(trouble.name) });
    send({ ...draft, category: trouble.category, words }, trouble.case);
  }

  function submit(event: SyntheticEvent) {
    event.preventDefault();
    setTried(true);
    if (draft.spot && draft.words.trim()) send(draft);
    else
      requestAnimationFrame(() =>
        form.current?.querySelector<HTMLElement>("[aria-invalid=true], .wrong input")?.focus(),
      );
  }

  if (file.data) {
    const again = () => {
      setPhotos([]);
      setTried(false);
      file.reset();
    };
    return (
      <PortalFrame>
        <Receipt receipt={file.data} onAnother={again} />
      </PortalFrame>
    );
  }

  return (
    <PortalFrame>
      <h1>{t("portal.title")}</h1>
      <p className="lead">{t("portal.lead")}</p>
      <form ref={form} noValidate onSubmit={submit}>
        <fieldset className={wrong.category ? "wrong" : ""} aria-describedby="category-error">
          <legend>
            {t("portal.what")} <small>{t("portal.orWords")}</small>
          </legend>
          {categories.isPending && <Waiting />}
          <Trouble error={categories.error} retry={() => void categories.refetch()} />
          <div className="categories">
            {categories.data?.map((category) => (
              <label key={category.code} className="category">
                <input
                  type="radio"
                  name="category"
                  value={category.code}
                  checked={draft.category === category.code}
                  onChange={() => change({ category: category.code })}
                />
                <Icon name={categoryIcon(category.code)} size={22} />
                <span>
                  {say(category.name)}
                  <small>{say(category.group)}</small>
                </span>
              </label>
            ))}
          </div>
          <FieldError id="category-error" words={wrong.category} />
          {draft.category === "gas.leak" && <p className="notice">{t("portal.gas")}</p>}
          {draft.category === "lift.trapped" && (
            <p className="notice mild">{t("portal.trapped")}</p>
          )}
        </fieldset>
        <fieldset>
          <legend>{t("portal.where")}</legend>
          <PlaceField spot={draft.spot} onChange={(spot) => change({ spot })} error={wrong.place} />
        </fieldset>
        {draft.spot && (
          <KnownTroubles spot={draft.spot} isBusy={file.isPending} onJoin={join} />
        )}
        <section>
          <label className="legend" htmlFor="words">
            {t("portal.describe")}
          </label>
          <textarea
            id="words"
            className="input"
            rows={4}
            value={draft.words}
            aria-invalid={wrong.words !== null}
            aria-describedby="words-hint words-error"
            onChange={(event) => change({ words: event.target.value })}
            onBlur={() => setRead(draft.words)}
          />
          {!draft.category && (
            <Reading words={read} onTake={(category) => change({ category })} />
          )}
          <p id="words-hint" className="hint">
            {t("portal.describeHint")}
          </p>
          <FieldError id="words-error" words={wrong.words} />
        </section>
        <fieldset>
          <legend>
            {t("portal.photo")} <small>{t("portal.optional")}</small>
          </legend>
          <PhotoField photos={photos} onChange={setPhotos} refusal={wrong.photo} />
        </fieldset>
        <section>
          <label className="legend" htmlFor="email">
            {t("portal.email")} <small>{t("portal.optional")}</small>
          </label>
          <input
            id="email"
            type="email"
            className="input"
            autoComplete="email"
            value={draft.email}
            aria-invalid={wrong.email !== null}
            aria-describedby="email-hint email-error"
            onChange={(event) => change({ email: event.target.value })}
          />
          <p id="email-hint" className="hint">
            {t("portal.emailHint")}
          </p>
          <FieldError id="email-error" words={wrong.email} />
        </section>
        <div className="submit">
          {marked ? (
            <p className="notice" role="alert">
              {t("portal.mend")}
            </p>
          ) : (
            <Trouble error={file.error} />
          )}
          <button type="submit" className="button solid large" disabled={file.isPending}>
            {t(file.isPending ? "portal.sending" : "portal.submit")}
          </button>
        </div>
      </form>
    </PortalFrame>
  );
}
