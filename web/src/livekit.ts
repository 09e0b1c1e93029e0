// LiveKit: await track.setProcessor(temperaProcessor(tempera)).
import type { Tempera } from './tempera.js';

/** What LiveKit gives a processor of video, as far as it is used here. */
export interface TrackProcessorOptions {
  track: MediaStreamTrack;
}

/** livekit-client's TrackProcessor<Track.Kind.Video>. */
export interface TemperaTrackProcessor {
  name: string;
  processedTrack?: MediaStreamTrack;
  init(options: TrackProcessorOptions): Promise<void>;
  restart(options: TrackProcessorOptions): Promise<void>;
  destroy(): Promise<void>;
}

/** The Tempera stays yours: close() it when no track needs it any more. */
export function temperaProcessor(tempera: Tempera): TemperaTrackProcessor {
  const processor: TemperaTrackProcessor = {
    name: 'tempera',
    async init({ track }) {
      processor.processedTrack = await tempera.process(track);
    },
    restart: (options) => processor.init(options),
    async destroy() {
      await tempera.stop();
      delete processor.processedTrack;
    },
  };
  return processor;
}
