import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';

const mimeTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** What makes a page cross-origin isolated, so that its workers may share memory. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export interface Site extends AsyncDisposable {
  readonly url: string;
}

/** Serves texts and files by path on a free local port. */
export async function serve(
  files: Readonly<Record<string, string | URL>>,
  isolated: boolean,
): Promise<Site> {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const file = files[path];
    if (file === undefined) return response.writeHead(404).end();
    const body = typeof file === 'string' ? file : await readFile(file);
    response.writeHead(200, {
      'Content-Type': mimeTypes[extname(path)] ?? 'text/html',
      ...(isolated ? isolation : {}),
    });
    return response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
