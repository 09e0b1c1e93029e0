// Insertable streams of tracks, as far as they are used here: browsers differ too much for the standard's types.

export interface TrackProcessor {
  readonly readable: ReadableStream<VideoFrame>;
}
export type TrackProcessorMaker = new (init: { track: MediaStreamTrack; maxBufferSize?: number }) => TrackProcessor;
/** Chrome's: a track that is written to. */
export type TrackGeneratorMaker = new (init: { kind: 'video' }) => MediaStreamTrack & {
  readonly writable: WritableStream<VideoFrame>;
};
/** The standard's, in workers. */
export type VideoTrackGeneratorMaker = new () => {
  readonly track: MediaStreamTrack;
  readonly writable: WritableStream<VideoFrame>;
};

export interface StreamGlobals {
  MediaStreamTrackProcessor?: TrackProcessorMaker;
  MediaStreamTrackGenerator?: TrackGeneratorMaker;
  VideoTrackGenerator?: VideoTrackGeneratorMaker;
}
export const streams = globalThis as unknown as StreamGlobals;

/** What a dedicated worker's global is, as far as it is used here. */
export interface WorkerScope {
  readonly location: { readonly href: string };
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown, transfer?: Transferable[]): void;
  close(): void;
}

/**
 * Ends a track for whoever was given it, and tells them once: stop() says nothing, but Safari's generators say `ended`
 * by themselves, some of them a little later.
 */
export function ending(output: MediaStreamTrack): () => void {
  let told = false;
  output.addEventListener('ended', (event) => {
    if (told) event.stopImmediatePropagation();
    told = true;
  });
  return () => {
    if (output.readyState !== 'live') return;
    MediaStreamTrack.prototype.stop.call(output);
    if (!told) output.dispatchEvent(new Event('ended'));
  };
}
