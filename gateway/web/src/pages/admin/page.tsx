import { useWords } from "../../i18n/text";
import { SignedIn } from "../../parts/signed-in";
import { Devices } from "./devices";
import { Edges } from "./edges";
import { Frame } from "./frame";

export default function Admin() {
  return (
    <SignedIn>
      <Page />
    </SignedIn>
  );
}

function Page() {
  const { t } = useWords();
  return (
    <Frame>
      <h1>{t("admin.title")}</h1>
      <Edges />
      <Devices />
    </Frame>
  );
}
