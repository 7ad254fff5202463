/** Follows an option's path through a pipeline file's syntax to the property that sets it. CLI. */
import { dirname, resolve } from "node:path";
import {
  type CallExpression,
  Node,
  type ObjectLiteralExpression,
  Project,
  type SourceFile,
  SyntaxKind,
} from "ts-morph";
import type { Issue, Site } from "../dsl/issue.ts";

const project = new Project({
  skipAddingFilesFromTsConfig: true,
  skipFileDependencyResolution: true,
  skipLoadingLibFiles: true,
  compilerOptions: { allowJs: true },
});

/** How many names and assertions are looked through for one value. */
const maxHops = 20;

const open = (path: string): SourceFile | undefined => project.addSourceFileAtPathIfExists(path);

/**
 * The property that sets the option `path` of the stage or pipeline called at `at`; the nearest
 * enclosing one that can be found when it is missing or computed; undefined when the call is not there.
 *
 * Spreads, names, shorthand, type assertions and imports of neighbouring files are followed.
 */
export function placeOf({ path }: Issue, at: Site): Site | undefined {
  const call = callAt(at);
  if (call === undefined) return undefined;
  const [, ...keys] = path.split(".");
  // A stage has its options first; a pipeline has its name first and then its settings.
  const [first, second] = call.getArguments();
  const node = keys.length === 0 ? undefined : (follow(second, keys) ?? follow(first, keys));
  return siteOf(node ?? call.getExpression());
}

/** The call that ran at a place of the stack: the innermost one whose callee lies there. */
function callAt({ file, line, column }: Site): CallExpression | undefined {
  const source = open(file);
  if (source === undefined || line > source.getEndLineNumber()) return undefined;
  const position = source.compilerNode.getPositionOfLineAndCharacter(line - 1, 0) + column - 1;
  const around = source.getDescendantsOfKind(SyntaxKind.CallExpression).filter((call) => {
    const callee = call.getExpression();
    return callee.getStart() <= position && position <= callee.getEnd();
  });
  return around.sort((a, b) => a.getExpression().getWidth() - b.getExpression().getWidth())[0];
}

/** The node of the last of `keys` that can be found below a value; undefined when the first cannot. */
function follow(value: Node | undefined, keys: ReadonlyArray<string>): Node | undefined {
  const [key, ...rest] = keys;
  const literal = literalOf(value);
  if (key === undefined || literal === undefined) return undefined;
  if (Node.isArrayLiteralExpression(literal)) {
    const element = literal.getElements()[Number(key)];
    return element && (follow(element, rest) ?? element);
  }
  const found = Node.isObjectLiteralExpression(literal) ? propertyOf(literal, key) : undefined;
  return found && (follow(found.value, rest) ?? found.node);
}

/** The object or array literal behind a value, through names and type assertions. */
function literalOf(value: Node | undefined): Node | undefined {
  let node = value;
  for (let hop = 0; node !== undefined && hop < maxHops; hop++) {
    if (Node.isIdentifier(node)) node = declared(node.getText(), node.getSourceFile());
    else if (
      Node.isAsExpression(node) ||
      Node.isSatisfiesExpression(node) ||
      Node.isParenthesizedExpression(node)
    )
      node = node.getExpression();
    else return node;
  }
  return undefined;
}

/** The value that a name is declared with, at the top of its file or of the file it is imported from. */
function declared(name: string, source: SourceFile): Node | undefined {
  const own = source.getVariableDeclaration(name)?.getInitializer();
  if (own !== undefined) return own;
  for (const declaration of source.getImportDeclarations()) {
    const named = declaration
      .getNamedImports()
      .find((one) => (one.getAliasNode() ?? one.getNameNode()).getText() === name);
    const target = declaration.getModuleSpecifierValue();
    if (named === undefined || !target.startsWith(".")) continue;
    const other = open(resolve(dirname(source.getFilePath()), target));
    return other?.getVariableDeclaration(named.getName())?.getInitializer();
  }
  return undefined;
}

interface Found {
  readonly node: Node;
  readonly value: Node | undefined;
}

/** What gives `key` its value in an object: the last property or spread that has it. */
function propertyOf(object: ObjectLiteralExpression, key: string, depth = 0): Found | undefined {
  for (const one of [...object.getProperties()].reverse()) {
    if (Node.isPropertyAssignment(one) && plainName(one.getNameNode()) === key) {
      return { node: one, value: one.getInitializer() };
    }
    if (Node.isShorthandPropertyAssignment(one) && one.getName() === key) {
      return { node: one, value: declared(key, one.getSourceFile()) };
    }
    const spread = Node.isSpreadAssignment(one) ? literalOf(one.getExpression()) : undefined;
    if (!Node.isObjectLiteralExpression(spread) || depth >= maxHops) continue;
    const found = propertyOf(spread, key, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

const plainName = (name: Node): string => name.getText().replace(/^(["'`])(.*)\1$/, "$2");

function siteOf(node: Node): Site {
  const source = node.getSourceFile();
  const { line, column } = source.getLineAndColumnAtPos(node.getStart());
  return { file: source.getFilePath(), line, column };
}
