import type { RouteOut } from "../../../api/types";
import { useWords } from "../../../i18n/text";

interface Props {
  rows: readonly RouteOut[];
  matched?: readonly number[];
}

/** Rows of a routing table in words, with a warning at those that never match. */
export function Rows({ rows, matched }: Props) {
  const { t, say } = useWords();
  return (
    <div className="table">
      <table>
        <thead>
          <tr>
            <th scope="col">{t("routing.number")}</th>
            <th scope="col">{t("routing.row")}</th>
            {matched && <th scope="col">{t("routing.matched")}</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={row.number}>
              <th scope="row">{row.number}</th>
              <td>
                {say(row.words)}
                {row.shadowed_by !== null && (
                  <p className="abnormal">
                    {t("routing.shadowed", { number: row.shadowed_by })}
                  </p>
                )}
              </td>
              {matched && <td>{matched[index]}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
