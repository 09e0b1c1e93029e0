// Counts VideoFrames where they are: what a page or worker was handed or made, and how many of those are open still. A
// frame that is closed, or was transferred away, has no format. Whoever counts asks over a channel; a worker of tracks,
// which is ended when it says so, tells its count just before that.

/** In front of anything else, in a page or a worker. */
export const counting = `(() => {
  const Frame = self.VideoFrame;
  const seen = new Set();
  const note = (value) => {
    if (value instanceof Frame) seen.add(value);
    return value;
  };
  self.VideoFrame = new Proxy(Frame, { construct: (target, given) => note(new target(...given)) });
  const wrap = (prototype, name, noted) => {
    const call = prototype[name];
    prototype[name] = function (...given) { return noted(call.apply(this, given)); };
  };
  wrap(Frame.prototype, 'clone', note);
  const read = (result) => result.then((r) => (note(r.value), r));
  if (self.ReadableStreamDefaultReader) wrap(ReadableStreamDefaultReader.prototype, 'read', read);
  const data = Object.getOwnPropertyDescriptor(MessageEvent.prototype, 'data').get;
  Object.defineProperty(MessageEvent.prototype, 'data', { get() {
    const message = data.call(this);
    if (message && typeof message === 'object') Object.values(message).forEach(note);
    return message;
  } });
  const channel = new BroadcastChannel('frames');
  const tell = (type) => {
    const open = [...seen].filter((frame) => frame.format !== null).length;
    channel.postMessage({ type, name: self.name || 'page', seen: seen.size, open });
  };
  channel.onmessage = (event) => { if (event.data === 'count') tell('count'); };
  if (self.document) return;
  const send = self.postMessage.bind(self);
  self.postMessage = (message, ...more) => {
    if (message?.type === 'ended') tell('ended');
    send(message, ...more);
  };
})();
`;

/** In the page: window.frameCounts() answers with all that were told since, by name. */
export const listening = () => {
  window.counts = [];
  const channel = new BroadcastChannel('frames');
  channel.onmessage = (event) => { if (event.data.type) window.counts.push(event.data); };
  window.frameCounts = async () => {
    channel.postMessage('count');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const sums = {};
    for (const { name, type, seen, open } of window.counts) {
      const sum = (sums[name] ??= { seen: 0, open: 0, ended: 0 });
      sum.seen += seen;
      sum.open += open;
      if (type === 'ended') ++sum.ended;
    }
    return sums;
  };
};
