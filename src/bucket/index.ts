export type { ResumableUpload, ResumableUploads } from './resumable-uploads.ts';
export type { StagedUpload } from './staged-upload.ts';
export { openUploadBucket, type UploadBucket } from './upload-bucket.ts';
