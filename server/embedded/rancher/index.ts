/**
 * What the real Rancher Dashboard asks of a Rancher server: the dashboard's own files, the extension, Steve (`/v1`), Norman (`/v3`),
 * the subscribe sockets and the proxy to the cluster's Kubernetes API. Everything about objects is answered from the embedded API,
 * as the user who is logged in.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AddressInfo } from 'node:net';
import type { ApiServer } from '../api/index.ts';
import type { Schedule } from './steve/subscribe.ts';
import type { DemoUser } from './users.ts';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { PreferenceStore } from './preferences.ts';
import { Extensions } from './extension.ts';
import { assertLocal } from './guard.ts';
import { errorReply, send } from './http.ts';
import { RANCHER_VERSION, installManagement } from './management.ts';
import { createRouter } from './router.ts';
import { StaticFiles } from './static-files.ts';
import { steveBaseOf } from './steve/bases.ts';
import { serveSubscriptions } from './steve/subscribe.ts';
import { DEMO_USERS, userOf } from './users.ts';

/** What the facade is made of. */
export interface RancherOptions {
  readonly api: ApiServer;
  /** Where `api` listens. */
  readonly apiUrl: string;
  /** Bearer token of each demo user in `api`, by user name. */
  readonly tokens: ReadonlyMap<string, string>;
  /** Folder of the dashboard's production build. */
  readonly shellDist: string;
  /** Folder of the built extension, or of several. */
  readonly pluginDist: string;
  /** Path of the dashboard's page that `/` leads to. */
  readonly landing: string;
  /** File in which what users prefer is kept; absent: in memory. */
  readonly preferencesFile?: string;
  /** HTTP services that the service proxy reaches: `<namespace>/<service>:<port>` → base URL. */
  readonly services?: ReadonlyMap<string, string>;
  /** Delayed calls; real timers by default. */
  readonly schedule?: Schedule;
  /** The current time; for objects that Rancher creates. */
  readonly now: () => Date;
}

/** The running facade. */
export interface RancherFacade {
  /** Listens on 127.0.0.1 and gives the base URL. Port 0 takes a free one. Rejects with EADDRINUSE as node does. */
  listen(port: number): Promise<string>;
  close(): Promise<void>;
}

const timers: Schedule = (callback, milliseconds) => {
  const timer = setTimeout(callback, milliseconds);

  timer.unref();

  return () => clearTimeout(timer);
};

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\n\r\n`);
}

function upgrade(options: RancherOptions, sockets: WebSocketServer, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.on('error', () => socket.destroy());
  try {
    assertLocal(request);
  } catch {
    refuseUpgrade(socket, '403 Forbidden');

    return;
  }
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const base = steveBaseOf(pathname)?.base;

  if (!pathname.endsWith('/subscribe') || !(base || pathname === '/v3/subscribe')) {
    refuseUpgrade(socket, '404 Not Found');

    return;
  }
  const user: DemoUser = userOf(request);

  sockets.handleUpgrade(request, socket, head, (webSocket) => {
    const context = base ? { api: options.api, base, origin: `http://${request.headers.host}`, identity: user.identity } : undefined;

    serveSubscriptions(context, webSocket, options.schedule ?? timers, RANCHER_VERSION);
  });
}

/** Installs Rancher's own objects into the API and makes the facade; nothing listens yet. */
export async function createRancherFacade(options: RancherOptions): Promise<RancherFacade> {
  await installManagement(options.api, DEMO_USERS, options.now());
  const preferences = new PreferenceStore({ landing: options.landing, version: RANCHER_VERSION, ...(options.preferencesFile ? { file: options.preferencesFile } : {}) });

  await preferences.load();
  const route = createRouter({ ...options, preferences, shell: new StaticFiles(options.shellDist), extensions: new Extensions(options.pluginDist) });
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const server: Server = createServer((request: IncomingMessage, response: ServerResponse) => {
    route(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else void send(request, response, errorReply(error)).catch(() => response.destroy());
    });
  });

  server.on('upgrade', (request, socket, head) => upgrade(options, sockets, request, socket, head));

  return {
    listen: (port) => new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      });
    }),
    close: async () => {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
      if (!server.listening) return;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));

      server.closeAllConnections();
      await closed;
    },
  };
}
