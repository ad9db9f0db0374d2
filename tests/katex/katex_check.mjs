// node katex_check.mjs formulas.json : every string of the JSON array must parse as display math
import fs from "fs";
import katex from "katex";

const formulas = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
let bad = 0;
for (const [i, tex] of formulas.entries()) {
  try {
    katex.renderToString(tex, { displayMode: true, throwOnError: true, strict: "error" });
  } catch (error) {
    bad += 1;
    console.error(`formula ${i}: ${error.message}`);
  }
}
console.log(`${formulas.length - bad} passed, ${bad} failed`);
process.exit(bad ? 1 : 0);
