/** mien's own API, live subscriptions and bus, open to everybody. */
import { openLiveApi } from '../parts/live-api.ts';
import { serve } from './publish.ts';

const { port, publish } = await openLiveApi();
serve(port, publish);
