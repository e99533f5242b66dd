import { Link } from "wouter";
import type { Trial } from "../../../api/types";
import { useWords } from "../../../i18n/text";
import { Rows } from "./rows";

/** What a sheet would change, in the table and in the cases of the chosen days. */
export function TrialResult({ trial }: { trial: Trial }) {
  const { t, say } = useWords();
  return (
    <>
      <h3>{t("routing.changes")}</h3>
      {trial.changes.length === 0 && <p className="faint">{t("routing.same")}</p>}
      <ul>
        {trial.changes.map((each) => (
          <li key={`${each.change} ${each.number}`}>
            {`${each.change === "added" ? "+" : "−"} ${each.number}. ${say(each.words)}`}
          </li>
        ))}
      </ul>
      <p role="status">
        {t("routing.moved", { moved: trial.moved, cases: trial.cases })}{" "}
        {t("routing.ended", { before: trial.ended_before, after: trial.ended_after })}
      </p>
      {trial.moves.length > 0 && (
        <div className="table">
          <table>
            <thead>
              <tr>
                {(["from", "to", "cases"] as const).map((column) => (
                  <th key={column} scope="col">
                    {t(`routing.${column}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {trial.moves.map((each) => (
                <tr key={`${say(each.from_name)} ${say(each.to_name)}`}>
                  <td>{say(each.from_name)}</td>
                  <td>{say(each.to_name)}</td>
                  <td>{each.cases}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {trial.moved_cases.length > 0 && (
        <details>
          <summary>{t("routing.list", { count: trial.moved_cases.length })}</summary>
          <ul>
            {trial.moved_cases.map((each) => (
              <li key={each.case}>
                <Link href={`/control/case/${each.case}`}>{each.case}</Link>
                {` ${say(each.title)}, ${say(each.address)}: ${say(each.from_name)} → ${say(each.to_name)}`}
              </li>
            ))}
          </ul>
        </details>
      )}
      <details>
        <summary>{t("routing.candidate")}</summary>
        <Rows rows={trial.rows} matched={trial.matched} />
      </details>
    </>
  );
}
