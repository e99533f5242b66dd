import { expect, test } from "vitest";
import { shortName } from "../../map/style";
import { findHouses } from "./places";

const houses = ["ул. Лесная, дом 5", "ул. Лесная, дом 52", "ул. Зелёная, дом 5"].map((name) => ({
  id: name,
  name,
}));
const found = (typed: string) => findHouses(houses, typed).map((house) => house.name);

test("each typed word begins some word of the address", () => {
  expect(found("лес 5")).toEqual(["ул. Лесная, дом 5", "ул. Лесная, дом 52"]);
});

test("ё and е are one letter to who types", () => {
  expect(found("зеленая")).toEqual(["ул. Зелёная, дом 5"]);
});

test("nothing typed finds nothing", () => {
  expect(found("  ")).toEqual([]);
});

test("a house has only its number on the map", () => {
  expect([
    shortName("дом 5к2", "building"),
    shortName("5k2 Lesnaya St", "building"),
    shortName("ул. 8 Марта", "street"),
  ]).toEqual(["5к2", "5k2", "ул. 8 Марта"]);
});
