/** How ffmpeg has to open a picture, and which way up it is shown. */
export interface Picture {
  /** ffmpeg's demuxer: the name of the file may mislead it. */
  demuxer?: string;
  /** How it has to be turned, 1 to 8 as Exif counts; 1: not at all. */
  orientation: number;
  /** That libheif decodes it, and turns it: see `heic-source.ts`. */
  isHeic?: boolean;
  /** What it is, where not every ffmpeg reads it. */
  rare?: RarePicture;
}

export interface RarePicture {
  /** With its article. */
  name: string;
  saveAs: string;
  /** Whether ffmpeg may try: where none reads it rightly, it may not. */
  isTried: boolean;
}
