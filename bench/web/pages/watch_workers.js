// Before anything else runs in a page: window.paintings gathers when each painting came and how long its worker took.
// What a worker tells its page of a painting (web/src/protocol.ts) has its milliseconds; asking stats would miss some.
window.paintings = [];
window.Worker = class extends Worker {
  constructor(url, options) {
    super(url, options);
    this.addEventListener('message', ({ data }) => {
      const painted = data?.type === 'painted' ? data : data?.type === 'count' ? data.last : null;
      if (painted) window.paintings.push({ at: performance.now(), ms: painted.ms });
    });
  }
};
