/** `node scripts/side-by-side.mjs NAME…`: runs these scripts of package.json at once; fails when any of them does. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
const codes = await Promise.all(process.argv.slice(2).map(run));
process.exit(Math.max(...codes));

/** What it says is kept together: it comes when the script has ended. */
function run(name) {
  return new Promise((resolve, reject) => {
    const child = spawn(scripts[name], { shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      process.stdout.write(`\n> ${name}\n${Buffer.concat(said)}`);
      resolve(code ?? 1);
    });
  });
}
