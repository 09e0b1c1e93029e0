// Safari's side of insertable streams, on top of Chrome's: workers with MediaStreamTrackProcessor and
// VideoTrackGenerator, and tracks that can be transferred. In the page a transferred track becomes the stream of a
// processor, and comes out of the worker as a generator of the page's; in between, a stand-in travels.

/** In the page, before anything else. */
export const inPage = `(() => {
  const Processor = window.MediaStreamTrackProcessor, Generator = window.MediaStreamTrackGenerator;
  delete window.MediaStreamTrackProcessor;
  delete window.MediaStreamTrackGenerator;
  const send = Worker.prototype.postMessage;
  window.transferred = 0;
  Worker.prototype.postMessage = function (message, transfer = []) {
    const track = transfer.find((t) => t instanceof MediaStreamTrack);
    if (!track) return send.call(this, message, transfer);
    ++window.transferred;
    const { readable } = new Processor({ track });
    const made = new Generator({ kind: 'video' });
    this.made = made;
    const standIn = { readable, writable: made.writable };
    return send.call(this, { ...message, track: standIn }, [readable, made.writable]);
  };
  const data = Object.getOwnPropertyDescriptor(MessageEvent.prototype, 'data').get;
  Object.defineProperty(MessageEvent.prototype, 'data', { get() {
    const message = data.call(this);
    return message?.type === 'track' ? { ...message, track: this.target.made } : message;
  } });
})()`;

/** In front of the pump worker's own text. */
export const inWorker = `(() => {
  let standIn = null;
  self.MediaStreamTrackProcessor = class {
    constructor({ track }) { standIn = track; this.readable = track.readable; }
  };
  self.VideoTrackGenerator = class {
    constructor() { this.writable = standIn.writable; this.track = { standIn: true }; }
  };
  const send = self.postMessage.bind(self);
  self.postMessage = (message, transfer = []) => send(message, transfer.filter((t) => !t.standIn));
})();
`;
