import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: [".venv*/**", "node_modules/**"] },
  js.configs.recommended,
  { files: ["**/*.mjs"], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
  { rules: { eqeqeq: "error", "no-var": "error", "prefer-const": "error" } },
];
