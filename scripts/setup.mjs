// Makes a fresh clone ready: npm packages, and on Debian or Ubuntu as root the system packages that
// the native engine and the browser test need. Never fails for want of the latter.
//   node scripts/setup.mjs [--browser]
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { has, root, run, say } from './lib.mjs';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`Fovea needs Node 20.19 or later; this is ${process.versions.node}\n`);
  process.exit(1);
}

const installed = join(root, 'node_modules', '.package-lock.json');
const lock = join(root, 'package-lock.json');
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  say('Installing npm packages …');
  // Not `npm ci`: it insists that the lock file lists optional packages of every other platform.
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']);
}

const wanted = [
  {
    name: 'libdnnl-dev',
    use: 'the native engine',
    present: () =>
      existsSync('/usr/include/dnnl.hpp') || existsSync('/usr/include/oneapi/dnnl/dnnl.hpp'),
  },
  { name: 'g++', use: 'the native engine', present: () => has('c++') },
];
if (process.argv.includes('--browser')) {
  wanted.push({ name: 'chromium', use: 'the browser test', present: () => has('chromium') });
}
const missing = wanted.filter(({ present }) => !present());
if (missing.length > 0) {
  const list = missing.map(({ name, use }) => `${name} (for ${use})`).join(', ');
  const may = process.platform === 'linux' && process.getuid?.() === 0 && has('apt-get');
  if (!may) {
    say(
      `Not installed: ${list}. Going on without; on Debian or Ubuntu: apt-get install ${missing.map(({ name }) => name).join(' ')}`,
    );
  } else {
    say(`Installing system packages with apt-get: ${list} …`);
    const apt = (args) =>
      spawnSync('apt-get', args, {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      }).status === 0;
    const names = missing.map(({ name }) => name);
    const done =
      apt(['update', '-qq']) && apt(['install', '-y', '-qq', '--no-install-recommends', ...names]);
    if (!done) say(`apt-get could not install ${names.join(', ')}; going on without.`);
  }
}
