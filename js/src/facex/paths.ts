/** SVG path data as closed rings of points: to know where a region lies without asking a browser for it. */
export type Ring = number[];

/** Pieces that a curve is cut into. */
const PIECES = 12;
/** The count of numbers after each command. */
const LENGTHS: Record<string, number> = { M: 2, L: 2, H: 1, V: 1, C: 6, S: 4, Q: 4, T: 2, A: 7, Z: 0 };

interface Control {
  of: string;
  x: number;
  y: number;
}

/** The rings x0, y0, x1, y1, … of path data; null for what is none. */
export function ringsOf(data: string): Ring[] | null {
  const commands = readCommands(data);
  if (commands?.[0]?.[0].toUpperCase() !== "M") return null;
  const rings: Ring[] = [];
  let ring: Ring = [];
  let [x, y, startX, startY] = [0, 0, 0, 0];
  /** The last control point, which S and T mirror. */
  let control: Control | null = null;
  const begin = (atX: number, atY: number) => {
    ring = [atX, atY];
    rings.push(ring);
  };
  for (const [command, numbers] of commands) {
    const kind = command.toUpperCase();
    const relative = command !== kind;
    const v = numbers.map((value, i) => {
      if (!relative || (kind === "A" && i < 5)) return value;
      const vertical = kind === "V" || (kind !== "H" && (kind === "A" ? i === 6 : i % 2 === 1));
      return value + (vertical ? y : x);
    });
    const mirrored = (of: string) =>
      control?.of === of ? ([2 * x - control.x, 2 * y - control.y] as const) : ([x, y] as const);
    const curve = (points: readonly number[]) => {
      bend([x, y, ...points], ring);
      control = { of: points.length === 6 ? "C" : "Q", x: points.at(-4)!, y: points.at(-3)! };
    };
    const before: Control | null = control;
    if (kind === "Z") [x, y] = [startX, startY];
    else if (kind === "M") [startX, startY] = [v[0]!, v[1]!];
    // What follows a closed ring without a move begins where that one began.
    if (kind === "M") begin(startX, startY);
    else if (kind === "Z") begin(x, y);
    else if (kind === "H") ring.push(v[0]!, y);
    else if (kind === "V") ring.push(x, v[0]!);
    else if (kind === "L") ring.push(v[0]!, v[1]!);
    else if (kind === "C" || kind === "Q") curve(v);
    else if (kind === "S") curve([...mirrored("C"), ...v]);
    else if (kind === "T") curve([...mirrored("Q"), ...v]);
    else if (kind === "A") arc(x, y, v as Arc, ring);
    if (control === before) control = null;
    [x, y] = [ring.at(-2)!, ring.at(-1)!];
  }
  return rings.filter(({ length }) => length > 4);
}

function readCommands(data: string): [string, number[]][] | null {
  const found: [string, number[]][] = [];
  const space = /[\s,]*/y;
  const number = /[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/iy;
  // Of an arc's two flags, nothing need separate the one from the other.
  const flag = /[01]/y;
  let at = 0;
  const read = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const text = pattern.exec(data)?.[0];
    if (text) at += text.length;
    return text;
  };
  for (read(space); at < data.length; read(space)) {
    let command = read(/[mlhvcsqtaz]/iy);
    if (!command) return null;
    const kind = command.toUpperCase();
    let more = true;
    do {
      const numbers: number[] = [];
      for (let i = 0; i < LENGTHS[kind]!; i++) {
        read(space);
        const text = read(kind === "A" && (i === 3 || i === 4) ? flag : number);
        if (text === undefined) return null;
        numbers.push(Number(text));
      }
      found.push([command, numbers]);
      // Further pairs after a move are lines.
      if (command.toUpperCase() === "M") command = command === "M" ? "L" : "l";
      read(space);
      number.lastIndex = at;
      more = kind !== "Z" && number.test(data);
    } while (more);
  }
  return found;
}

/** Points along a Bézier curve after its first one, by de Casteljau. */
function bend(points: readonly number[], into: Ring): void {
  for (let piece = 1; piece <= PIECES; piece++) {
    const t = piece / PIECES;
    let left = points;
    while (left.length > 2) left = left.slice(2).map((value, i) => left[i]! + (value - left[i]!) * t);
    into.push(left[0]!, left[1]!);
  }
}

type Arc = [rx: number, ry: number, turn: number, large: number, sweep: number, x: number, y: number];

/** An elliptic arc from a point, by its centre (the specification of SVG, implementation notes). */
function arc(x0: number, y0: number, [rx, ry, turn, large, sweep, x, y]: Arc, into: Ring): void {
  let [a, b] = [Math.abs(rx), Math.abs(ry)];
  if (a === 0 || b === 0) {
    into.push(x, y);
    return;
  }
  const [cos, sin] = [Math.cos((turn * Math.PI) / 180), Math.sin((turn * Math.PI) / 180)];
  const [dx, dy] = [(x0 - x) / 2, (y0 - y) / 2];
  const [u, v] = [cos * dx + sin * dy, cos * dy - sin * dx];
  const grow = Math.sqrt((u / a) ** 2 + (v / b) ** 2);
  if (grow > 1) [a, b] = [a * grow, b * grow];
  const rest = (u / a) ** 2 + (v / b) ** 2;
  const f = (large === sweep ? -1 : 1) * Math.sqrt(Math.max(0, 1 / (rest || 1) - 1));
  const [cu, cv] = [(f * a * v) / b, (-f * b * u) / a];
  const [cx, cy] = [cos * cu - sin * cv + (x0 + x) / 2, sin * cu + cos * cv + (y0 + y) / 2];
  const from = Math.atan2((v - cv) / b, (u - cu) / a);
  let span = Math.atan2((-v - cv) / b, (-u - cu) / a) - from;
  if (sweep && span < 0) span += 2 * Math.PI;
  if (!sweep && span > 0) span -= 2 * Math.PI;
  for (let piece = 1; piece <= 2 * PIECES; piece++) {
    const angle = from + (span * piece) / (2 * PIECES);
    const [p, q] = [a * Math.cos(angle), b * Math.sin(angle)];
    into.push(cx + cos * p - sin * q, cy + sin * p + cos * q);
  }
}
