/** What is called of libheif's bindings: C's functions by their names, https://github.com/strukturag/libheif. */
declare module 'libheif-js/libheif-wasm/libheif-bundle.js' {
  /** 0 is well. */
  interface HeifError {
    code: { value: number };
    message: string;
  }

  interface HeifChannel {
    /** In WebAssembly's memory. */
    data: Uint8Array;
    /** Bytes of a row. */
    stride: number;
    width: number;
    height: number;
  }

  type Context = number;
  interface ImageHandle {
    readonly code?: undefined;
  }

  interface LibHeif {
    heif_colorspace: { heif_colorspace_RGB: object };
    heif_chroma: { heif_chroma_interleaved_RGB: object };
    heif_context_alloc(): Context;
    heif_context_read_from_memory(context: Context, bytes: Uint8Array): HeifError;
    heif_js_context_get_primary_image_handle(context: Context): ImageHandle | HeifError;
    heif_image_handle_get_width(handle: ImageHandle): number;
    heif_image_handle_get_height(handle: ImageHandle): number;
    heif_js_decode_image2(
      handle: ImageHandle,
      colorspace: object,
      chroma: object,
    ): HeifError | { code?: undefined; channels: HeifChannel[] };
  }

  /** Compiles it, at once. */
  export default function createLibHeif(options: {
    print(line: string): void;
    printErr(line: string): void;
  }): LibHeif;
}
