// Vonage (OpenTok): await publisher.setVideoMediaProcessorConnector(new TemperaConnector(tempera)).
import type { Tempera } from './tempera.js';

/** What @vonage/media-processor calls a MediaProcessorConnectorInterface. */
export class TemperaConnector {
  /** The Tempera stays yours: close() it when no track needs it any more. */
  constructor(private readonly tempera: Tempera) {}

  /** Called with the publisher's track, and again with another when the camera is changed. */
  setTrack(track: MediaStreamTrack): Promise<MediaStreamTrack> {
    return this.tempera.process(track);
  }

  async destroy(): Promise<void> {
    await this.tempera.stop();
  }
}
