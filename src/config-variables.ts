/** The environment variables that mien reads. */
import { z } from 'zod';
import { OIDC_VARIABLES } from './config-oidc.ts';
import { OTEL_VARIABLES } from './config-otel.ts';
import {
  allowedOrigins,
  bytes,
  databaseUrl,
  flag,
  host,
  hostLabel,
  natsUrls,
  oneOf,
  pageUrl,
  proxies,
  publicUrls,
  purposes,
  retention,
  secretKeys,
  sentence,
  uploadsPlace,
  whole,
} from './config-values.ts';

const DEVICES = ['auto', 'cuda', 'tensorrt', 'webgpu', 'cpu'] as const;
const PRECISIONS = ['auto', 'single', 'int8'] as const;
const HWACCELS = ['auto', 'none', 'vaapi', 'cuda', 'videotoolbox'] as const;
const AUTH_MODES = ['auto', 'required', 'none'] as const;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
const LOG_FORMATS = ['text', 'json'] as const;

/** Every variable, with its check, default and meaning. Prefaults are written as a person would type them, so that the table shows what works. */
export const Environment = z.object({
  HOST: host
    .prefault('127.0.0.1')
    .describe(
      'Address to listen on. `0.0.0.0` opens the server to the network; it then asks who somebody is, see `MIEN_AUTH`.',
    ),
  PORT: whole(0, 65535).prefault('4000').describe('Port to listen on; 0 takes any that is free.'),
  DATABASE_URL: databaseUrl
    .optional()
    .describe('PostgreSQL to store in. Unset: an embedded one in `MIEN_DATA_DIR`.'),
  NATS_URL: natsUrls
    .prefault('')
    .describe(
      'NATS by which servers on one PostgreSQL tell each other what is live, such as `nats://user:password@host:4222`, or `tls://…`; several of one cluster separated by commas. Unset: a server shows live what it analyses itself.',
    ),
  MIEN_DATA_DIR: z.string().prefault('./data').describe('Where the embedded database and the uploads live.'),
  MIEN_UPLOADS: uploadsPlace
    .optional()
    .describe(
      'Where uploads lie: a directory that all servers of a database mount, or a bucket of storage that speaks S3’s protocol, `s3://bucket/prefix`. Unset: `uploads` in `MIEN_DATA_DIR`.',
    ),
  AWS_ENDPOINT_URL: z
    .string()
    .optional()
    .describe(
      'Address of that storage where it is not AWS, such as `https://minio.example.org:9000`; buckets then stand in the path. `AWS_ENDPOINT_URL_S3` goes before it.',
    ),
  AWS_REGION: z
    .string()
    .optional()
    .describe(
      'Region of that bucket. Keys, too, are given as to all programs of AWS: `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, a profile, or the machine’s role.',
    ),
  MIEN_MODELS: z
    .string()
    .optional()
    .describe(
      'Directory of `detector.onnx` and `ensemble.onnx` with their cards, and of the files in integers that these name. Unset: the built-in models.',
    ),
  MIEN_DEVICE: oneOf(DEVICES)
    .prefault('auto')
    .describe(
      'Where the models run: `auto`, `cuda`, `tensorrt`, `webgpu` or `cpu`. A device named here must come up, or mien stops.',
    ),
  MIEN_PRECISION: oneOf(PRECISIONS)
    .prefault('auto')
    .describe(
      'In what numbers the models compute on a CPU: `single` precision; `int8`, convolutions of the ensemble in eight-bit integers, or mien stops; `auto`: servers take these where they measure at the start that they are clearly faster, `analyze` takes `single`.',
    ),
  MIEN_WORKERS: whole(1, 64)
    .optional()
    .describe('Threads that run the models. Unset: chosen by the number of cores.'),
  MIEN_MEDIA_DIR: z
    .string()
    .optional()
    .describe(
      'The only directory from which `source: { file }` may read. Unset: `media` in `MIEN_DATA_DIR`.',
    ),
  MIEN_ALLOW_PRIVATE_SOURCES: flag
    .prefault('false')
    .describe('Whether `source: { url }` may reach private, loopback and link-local addresses.'),
  MIEN_ALLOW_PURPOSES: purposes
    .prefault('')
    .describe(
      'Purposes that are refused by default and that you are entitled to: `WORKPLACE`, `EDUCATION` (EU AI Act art. 5(1)(f) knows medical and safety exceptions only).',
    ),
  MIEN_AUTH: oneOf(AUTH_MODES)
    .prefault('auto')
    .describe(
      'Whether who asks must show who they are: `required`, `none` (everybody who reaches the server may do anything), or `auto`: required, but for a server on a loopback address for which no token was ever made and that has no `MIEN_OIDC_ISSUER`.',
    ),
  MIEN_PUBLIC_URL: publicUrls
    .prefault('')
    .describe(
      'Where people reach this server, such as `https://mien.example.org`; several separated by commas. Requests under other names are refused, except under localhost, loopback addresses and `HOST` itself.',
    ),
  MIEN_TRUSTED_PROXIES: proxies
    .prefault('')
    .describe(
      'Proxies that are believed whom they ask for (`X-Forwarded-For`), in the audit and in all that is bounded by address: addresses and networks such as `10.1.0.0/16`, or `loopback`, `linklocal`, `uniquelocal`, separated by commas. Without it every client of a proxy is the proxy, and where there is a `MIEN_PUBLIC_URL` also programs of this machine show who they are at `/ready` and `/metrics`.',
    ),
  MIEN_ALLOWED_ORIGINS: allowedOrigins
    .prefault('')
    .describe(
      'Web origins whose pages may call this server, such as `https://example.org`, separated by commas; `*` for all that have one. Pages of the server itself, and of localhost while `HOST` is a loopback address, always may.',
    ),
  MIEN_PERSISTED_DOCUMENTS: z
    .string()
    .optional()
    .describe(
      'JSON file of the GraphQL documents that may be asked, as Relay’s compiler, GraphQL Code Generator or Apollo’s manifest writes it. All others are refused, and there is no GraphiQL and no introspection; the dashboard works. Unset: any document may be asked.',
    ),
  ...OIDC_VARIABLES,
  MIEN_SECRET_KEY: secretKeys
    .prefault('')
    .describe(
      'Seals passwords of sources in the database: at least 32 characters, as `openssl rand -base64 32` gives; older keys may follow behind commas. Unset: a key that mien makes in `secret.key` in `MIEN_DATA_DIR`.',
    ),
  MIEN_RETENTION: retention
    .optional()
    .describe(
      'After how long recordings are deleted, where their stream says nothing else: `30d`, `12h`, or `off`, which keeps them. Unset: `30d`; a database that an earlier version made keeps them.',
    ),
  MIEN_RETENTION_DAYS: whole(0, 36500)
    .optional()
    .describe('The same in days, as earlier versions had it; 0 keeps them.'),
  MIEN_AUDIT_DAYS: whole(0, 36500)
    .prefault('365')
    .describe('Days after which entries of the audit are deleted; 0 keeps them.'),
  MIEN_NOTICE_CONTROLLER: sentence
    .optional()
    .describe(
      'Who is responsible for the analysis, as `/notice` tells people who are filmed: a name and an address.',
    ),
  MIEN_NOTICE_CONTACT: sentence
    .optional()
    .describe('Whom they can ask: an e-mail address, an address of a page, or words.'),
  MIEN_NOTICE_URL: pageUrl
    .optional()
    .describe(
      'Your own notice, such as `https://example.org/privacy`, which says what mien cannot know: the legal basis, who else gets the results, your data protection officer.',
    ),
  MIEN_MAX_UPLOAD: bytes.prefault('2GB').describe('Largest file that `POST /uploads` takes.'),
  MIEN_MAX_UPLOAD_DISK: bytes.prefault('20GB').describe('What all uploads together may take on the disk.'),
  MIEN_MIN_UPLOAD_RATE: bytes
    .prefault('1KB')
    .describe('Bytes a second at which a body must come, in each 15 s; a slower one is cut off.'),
  MIEN_MAX_STREAMS: whole(1, 100_000).prefault('200').describe('Streams that may be registered.'),
  MIEN_OVERCOMMIT: flag
    .prefault('true')
    .describe(
      'Whether streams may ask for more frames than this machine can score, by its own estimate (`capacity`): each then gets fewer. `false` refuses to start one more.',
    ),
  MIEN_DEVICE_HOST: hostLabel
    .optional()
    .describe(
      'What this machine is called where several servers share a database, so that its cameras are told from theirs: `lab-1:/dev/video0`. Default: its host name, by which none is stored.',
    ),
  MIEN_MAX_SUBSCRIBERS: whole(1, 1_000_000)
    .prefault('5000')
    .describe('Subscriptions open at a time, of all clients.'),
  MIEN_MAX_CONNECTIONS: whole(1, 1_000_000)
    .prefault('5000')
    .describe('Connections open at a time, WebSockets included.'),
  MIEN_MAX_CONNECTIONS_PER_ADDRESS: whole(1, 1_000_000)
    .prefault('2000')
    .describe(
      'Of these, from one IPv4 address or one /64 of IPv6. Behind a proxy all come from the proxy, which should have a limit of its own.',
    ),
  MIEN_MAX_REQUEST_RATE: whole(1, 1_000_000)
    .prefault('500')
    .describe(
      'Requests a second from one such address, operations on WebSockets included; ten seconds’ worth may come at once.',
    ),
  MIEN_DEMO: flag.prefault('true').describe('Whether an empty database is given the demo stream.'),
  MIEN_LOG_LEVEL: oneOf(LOG_LEVELS)
    .prefault('info')
    .describe('`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`.'),
  MIEN_LOG_FORMAT: oneOf(LOG_FORMATS)
    .prefault('text')
    .describe('`text`: lines for people; `json`: one object a line, for programs that collect logs.'),
  ...OTEL_VARIABLES,
  MIEN_CONFINE_FFMPEG: flag
    .prefault('true')
    .describe(
      'Whether the kernel keeps ffmpeg from the network where it can, so that only mien reaches it. `/health` says what holds.',
    ),
  MIEN_HWACCEL: oneOf(HWACCELS)
    .prefault('none')
    .describe(
      'What decodes video: `none` (software), `vaapi`, `cuda`, `videotoolbox`, or `auto`: what works of these. What does not work here falls back to software; `/health` says what decodes, and why. Videos of people whom you do not trust then reach the card’s driver.',
    ),
  FFMPEG_PATH: z
    .string()
    .optional()
    .describe('The ffmpeg to run. Unset: the one on the `PATH`, else the bundled one (local files only).'),
});
