export function metadataOf(model: Uint8Array): Record<string, string>;
export interface StyleOfMany {
  name: string;
  title: string;
  artist?: string;
  year?: string;
  share: { parameter: string; weights: number[] };
}
export function stylesIn(said: Record<string, string>): StyleOfMany[];
