import i18next from "i18next";
import { beforeAll, expect, test } from "vitest";
import { en } from "./en";
import { ru } from "./ru";
import { startLanguage } from "./setup";
import { inLanguage } from "./text";

beforeAll(() => startLanguage("ru"));

test("Russian counts in three forms", () => {
  const said = [1, 2, 5, 11, 21, 22, 112].map((count) =>
    i18next.t("control.cases", { count, lng: "ru" }),
  );
  expect(said).toEqual([
    "1 заявка",
    "2 заявки",
    "5 заявок",
    "11 заявок",
    "21 заявка",
    "22 заявки",
    "112 заявок",
  ]);
});

test("English counts in two forms", () => {
  expect([1, 2].map((count) => i18next.t("control.cases", { count, lng: "en" }))).toEqual([
    "1 case",
    "2 cases",
  ]);
});

const FIELD = /{{\w+}}/g;
const COUNTED = /_(one|few|many|other)$/;
function templates(words: object, path = ""): [string, string][] {
  return Object.entries(words).flatMap(([key, value]: [string, unknown]) =>
    typeof value === "string"
      ? [[path + key, value] as [string, string]]
      : templates(value as object, `${path}${key}.`),
  );
}

test("both languages fill the same fields", () => {
  const russian = new Map(templates(ru));
  const fields = (text: string | undefined) =>
    [...(text?.matchAll(FIELD) ?? [])].map(String).sort();
  const differing = templates(en).filter(
    ([key, text]) => String(fields(text)) !== String(fields(russian.get(key))),
  );
  expect(differing.filter(([key]) => !COUNTED.test(key))).toEqual([]);
});

test("a text without the language is given in English, else in what there is", () => {
  expect([
    inLanguage({ en: "Lift", ru: "Лифт" }, "ru"),
    inLanguage({ en: "Lift" }, "ru"),
    inLanguage({ ru: "Лифт" }, "en"),
    inLanguage({}, "en"),
  ]).toEqual(["Лифт", "Lift", "Лифт", ""]);
});
