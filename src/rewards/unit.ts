/** Units of measure: what they measure and how large they are. Rewards layer. */
import Fraction from "fraction.js";

/** A unit by its dimension (`length^2`) and its size in that dimension's first unit. */
export interface Unit {
  readonly dimension: string;
  readonly size: Fraction;
  /** One letter could as well be a variable: it counts only where a unit is expected. */
  readonly letter: boolean;
}

type Base = readonly [dimension: string, size: string];

const length = { mm: "1/1000", cm: "1/100", dm: "1/10", m: "1", km: "1000" };
const imperial = { inch: "0.0254", ft: "0.3048", yd: "0.9144", mile: "1609.344" };
const mass = { mg: "1/1000", g: "1", kg: "1000" };
const time = { ms: "1/1000", s: "1", min: "60", h: "3600", day: "86400" };
const volume = { ml: "1/1000000", cl: "1/100000", l: "1/1000" };
const single = ["%", "°", "°c", "°f", "rad", "n", "j", "w", "v", "a", "hz", "pa", "unit", "$", "€"];

const of = (dimension: string, sizes: Readonly<Record<string, string>>) =>
  Object.entries(sizes).map(([name, size]) => [name, [dimension, size] as Base] as const);

const bases: ReadonlyMap<string, Base> = new Map([
  ...of("length", { ...length, ...imperial }),
  ...of("mass", mass),
  ...of("time", time),
  ...of("length^3", volume),
  ...single.map((name) => [name, [name, "1"] as Base] as const),
  ["cent", ["$", "1/100"]],
]);

const otherNames: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{ millimeter: "mm", centimeter: "cm", decimeter: "dm", meter: "m", kilometer: "km" },
    ...{ millimetre: "mm", centimetre: "cm", decimetre: "dm", metre: "m", kilometre: "km" },
    ...{ in: "inch", inches: "inch", foot: "ft", feet: "ft", yard: "yd", mi: "mile" },
    ...{ milligram: "mg", gram: "g", kilogram: "kg", liter: "l", litre: "l", milliliter: "ml" },
    ...{ second: "s", sec: "s", minute: "min", hour: "h", hr: "h", degree: "°", deg: "°" },
    ...{ radian: "rad", percent: "%", dollar: "$", usd: "$", euro: "€", eur: "€", celsius: "°c" },
    ...{ newton: "n", joule: "j", watt: "w", volt: "v", ampere: "a", hertz: "hz", pascal: "pa" },
  }),
);

/** The unit that a text names (`cm`, `square centimetres`, `km/h`, `m s^-2`), or undefined when it names none. */
export function readUnit(text: string): Unit | undefined {
  const plain = text.trim().replace(/\.$/, "").toLowerCase();
  if (plain === "" || plain.length > 40) return undefined;
  const sides = plain.replace(/ per /g, "/").split("/");
  if (sides.length > 2) return undefined;
  const powers = new Map<string, number>();
  let size = new Fraction(1);
  for (const [index, side] of sides.entries()) {
    for (const factor of factorsOf(side)) {
      const read = readFactor(factor);
      if (read === undefined) return undefined;
      const power = index === 0 ? read.power : -read.power;
      powers.set(read.name, (powers.get(read.name) ?? 0) + power * read.basePower);
      size = size.mul(read.size.pow(power)!);
    }
  }
  const dimension = [...powers]
    .map(([name, power]) => `${name}^${power}`)
    .sort()
    .join(" ");
  return { dimension, size, letter: /^[a-z]$/.test(plain) };
}

/** `square cm` is one factor, `m s^-2` are two. */
const factorsOf = (text: string): ReadonlyArray<string> =>
  text
    .trim()
    .replace(/\b(square|sq\.?|cubic|cu\.?) /g, (_, word: string) => (/^s/.test(word) ? "2~" : "3~"))
    .split(/[ *]+/);

const factor = /^(?:([23])~)?([^\d^~()]+?)\.?(?:\^?\(?(-?[1-4])\)?)?$/;

function readFactor(text: string) {
  const [, word, name = "", exponent] = factor.exec(text) ?? [];
  const base = bases.get(canonical(name));
  if (base === undefined || (word !== undefined && exponent !== undefined)) return undefined;
  const [dimension, size] = base;
  const [kind = "", own = "1"] = dimension.split("^");
  return {
    name: kind,
    basePower: Number(own),
    power: Number(word ?? exponent ?? 1),
    size: new Fraction(size),
  };
}

function canonical(name: string): string {
  for (const one of [name, name.replace(/s$/, "")]) {
    const found = otherNames.get(one) ?? one;
    if (bases.has(found)) return found;
  }
  return name;
}
