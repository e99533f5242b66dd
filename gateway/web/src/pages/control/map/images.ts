import type { Map as TownMap } from "maplibre-gl";
import type { Priority } from "../../../api/types";
import { token } from "../../../format/theme";
import { kindIcon, PATHS } from "../../../parts/icon";
import { PRIORITIES, SHAPES } from "../../../parts/priority";

const SCALE = 2; // drawn twice as large, for dense screens

function picture(
  size: number,
  draw: (context: CanvasRenderingContext2D) => void,
): ImageData | null {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size * SCALE;
  const context = canvas.getContext("2d");
  if (!context) return null;
  context.scale(SCALE, SCALE);
  draw(context);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

function caseMark(priority: Priority, letter: string): ImageData | null {
  return picture(26, (context) => {
    context.translate(3, 3);
    const shape = new Path2D(SHAPES[priority]);
    context.lineJoin = "round";
    context.lineWidth = 3.5;
    context.strokeStyle = token("map-halo");
    context.stroke(shape);
    context.fillStyle = token(priority);
    context.fill(shape);
    context.fillStyle = token(`${priority}-on`);
    context.font = `700 10.5px ${token("font")}`;
    context.textAlign = "center";
    context.fillText(letter, 10, priority === "high" ? 16.2 : 13.8);
  });
}

function kindMark(kind: string, colour: string): ImageData | null {
  return picture(16, (context) => {
    context.lineCap = context.lineJoin = "round";
    context.lineWidth = 1.5;
    context.strokeStyle = colour;
    context.stroke(new Path2D(PATHS[kindIcon(kind)]));
  });
}

/** Add the marks of cases and kinds in the colours of the theme, with letters in the language. */
export function addImages(
  map: TownMap,
  kinds: Iterable<string>,
  letter: (priority: Priority) => string,
): void {
  const add = (name: string, image: ImageData | null) => {
    if (image) map.addImage(name, image, { pixelRatio: SCALE });
  };
  for (const priority of PRIORITIES) add(`case-${priority}`, caseMark(priority, letter(priority)));
  for (const kind of kinds) {
    add(`kind-${kind}`, kindMark(kind, token("ink-soft")));
    add(`kind-${kind}-abnormal`, kindMark(kind, token("critical-on")));
  }
}
