// Runs programs as modules, in a directory where they find the library.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const dir = process.argv[2];
const { programs } = JSON.parse(readFileSync(0));
const results = [];
for (const [i, code] of programs.entries()) {
  const file = `${dir}/${i}.mjs`;
  writeFileSync(file, `${code}\nexport { url };\n`);
  results.push((await import(pathToFileURL(file))).url);
}
console.log(JSON.stringify({ programs: results }));
