// Programs that tests start: they end with the tests, also where those are stopped from outside.
const running = new Set();

export function endsWithUs(child) {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    for (const child of running) child.kill('SIGKILL');
    process.exit(1);
  });
}
