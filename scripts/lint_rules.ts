/**
 * The rules of the house that `deno lint` has not: deno.json names this file under `lint.plugins`.
 *
 * @module
 */

/** A file of the library other than the command line. */
function inLibrary(filename: string): boolean {
  return /\/(mod\.ts|(src|adapters)\/[^ ]+)$/.test(filename) && !/\/src\/cli\//.test(filename);
}

/** A rule that forbids what the selectors find, in the files that `applies` picks. */
function forbid(message: string, selectors: string[], applies = (_filename: string): boolean => true): Deno.lint.Rule {
  return {
    create: (context) => {
      if (!applies(context.filename)) return {};
      const report = (node: Deno.lint.Node) => context.report({ node, message });
      return Object.fromEntries(selectors.map((selector) => [selector, report]));
    },
  };
}

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    "no-export-star": forbid("Name what is exported", ["ExportAllDeclaration"]),
    "no-default-export": forbid("Export it by its name", [
      "ExportDefaultDeclaration",
      "ExportSpecifier[exported.name='default']",
    ], inLibrary),
    "no-private-keyword": forbid("Use #private", ["[accessibility='private']"]),
    "no-module-state": forbid("Keep state in an instance", [
      "Program > VariableDeclaration[kind='let']",
      "ExportNamedDeclaration > VariableDeclaration[kind='let']",
    ], inLibrary),
    "cli-only": forbid("Only the command line touches process and console", [
      "MemberExpression[object.name=/^(process|console)$/]",
      "MemberExpression[object.name='globalThis'][property.name=/^(process|console)$/]",
    ], inLibrary),
  },
};

// Deno loads a lint plugin by its default export.
export default plugin;
