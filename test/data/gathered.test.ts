import { expect, it } from "vitest";
import { gatherInto, packImage, readGathered } from "../../src/data/gathered.ts";
import { temporaryFolder } from "../support/folder.ts";
import { problems } from "../support/own-data.ts";

it("gives back what was kept: texts, pixels and parts, repeated images once", () => {
  const dir = temporaryFolder();
  const examples = problems(3, 3);
  const gatherer = gatherInto(dir);
  const images = examples.map(({ image }) => gatherer.image(packImage(image)));
  expect(gatherer.image(packImage(examples[0]!.image))).toBe(images[0]);
  examples.forEach(({ id, family, question, answer, reference }, index) => {
    const image = images[index]!;
    const place = `file:${index + 1}`;
    gatherer.row({ id, family, question, answer, place, image, ...(reference && { reference }) });
  });
  gatherer.finish(["train", "test", "train", "validation", null, "train"]);
  gatherer.close();
  const seen: Array<string> = [];
  const { parts, worked } = readGathered(dir, ({ place }) => seen.push(place));
  const plain = ({ id, family, question, answer, reference, image }: (typeof examples)[0]) => ({
    ...{ id, family, question, answer, reference, image },
  });
  expect(parts.train.map(plain)).toEqual([0, 2, 5].map((index) => plain(examples[index]!)));
  expect(parts.test.map(plain)).toEqual([plain(examples[1]!)]);
  expect(parts.validation.map(plain)).toEqual([plain(examples[3]!)]);
  expect(worked).toEqual([parts.train[0], parts.train[1]]);
  expect(seen).toEqual(["file:1", "file:2", "file:3", "file:4", "file:6"]);
});
