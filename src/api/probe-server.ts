/** The port of a server that has no API: what those ask who watch it, and nothing else. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRequestRate } from './admission/request-rate.ts';
import { type AuthOptions, createAuth, refusalOf } from './auth/auth.ts';
import { addressRefusal } from './auth/credentials.ts';
import { answerJson } from './errors/answer-json.ts';
import { refuse } from './http/authorize-request.ts';
import { createGate, type GateOptions } from './http/gate.ts';
import { EVERY_ANSWER, pathOf } from './http/http-server.ts';
import { displayHost, listen } from './http/listen.ts';
import { answerProbe, type ProbeOptions } from './http/probes.ts';

export interface ProbesOptions extends AuthOptions, GateOptions, Omit<ProbeOptions, 'auth'> {
  publicUrls: readonly string[];
  port: number;
  /** Requests a second of one address. */
  requestRate: number;
}

export interface Probes {
  /** As a browser would be given it. */
  url: string;
  close(): Promise<void>;
}

/** Headers must have come within it. */
const PATIENCE_MS = 15_000;

export async function openProbes(options: ProbesOptions): Promise<Probes> {
  const { log, host } = options;
  const auth = createAuth(options);
  const gate = createGate(options);
  const rate = createRequestRate(options.requestRate);
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const path = pathOf(request);
    for (const [name, value] of EVERY_ANSWER) response.setHeader(name, value);
    const tooMany = path === '/health' ? null : rate(auth.remote.addressOf(request));
    const refusal = tooMany ?? gate(request, path) ?? addressRefusal(request);
    if (refusal !== null) return refuse(response, refusal);
    if (await answerProbe(request, response, path, { ...options, auth })) return;
    answerJson(response, 404, { status: `nothing is at ${path}: this is a worker, and has no API` });
  };
  const timeouts = { headersTimeout: PATIENCE_MS, requestTimeout: PATIENCE_MS };
  const server = createServer(timeouts, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      const refused = refusalOf(error);
      if (refused !== null) return refuse(response, refused);
      log.error({ err: error }, 'a request failed unexpectedly');
      answerJson(response, 500, { status: 'error' });
    });
  });
  await listen(server, options.port, host);
  return {
    url: `http://${displayHost(host)}:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      auth.close();
    },
  };
}
