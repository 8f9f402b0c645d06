// An identity provider on this machine: oidc-provider, which issues JWT access tokens to any client by client_credentials.
//
//   node provider.mjs PATH-OF-OIDC-PROVIDER < {"jwks": …}      prints its issuer, and goes on until stdin is closed
//
// What a token says beside the usual is told by PUT /control, {"claims": {CLIENT: {…}}}, new keys by {"jwks": …}; with
// {"away": true} it answers nobody but /control, which answers how often each address was asked. A resource may ask for a lifetime and an algorithm: ?ttl=1&alg=ES256.
import http from 'node:http';
import readline from 'node:readline';
import { pathToFileURL } from 'node:url';

const { Provider } = await import(pathToFileURL(process.argv[2]));
const lines = readline.createInterface({ input: process.stdin });
const state = { claims: {}, away: false, asked: {} };
let answer;

class Store { // every client is one; nothing else is looked up
  constructor(name) { this.name = name; }
  async find(id) {
    if (this.name !== 'Client') return undefined;
    return {
      client_id: id, client_secret: 'secret', grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
      token_endpoint_auth_method: 'client_secret_post',
    };
  }
  async upsert() {}
  async destroy() {}
}

function provide(issuer, jwks) {
  const provider = new Provider(issuer, {
    jwks,
    adapter: Store,
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo(_ctx, resource) {
          const asked = new URL(resource);
          return {
            scope: '',
            audience: asked.origin + asked.pathname,
            accessTokenTTL: Number(asked.searchParams.get('ttl') ?? 600),
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: asked.searchParams.get('alg') ?? 'RS256' } },
          };
        },
      },
    },
    extraTokenClaims: (_ctx, token) => state.claims[token.clientId],
  });
  answer = provider.callback();
}

const server = http.createServer((request, response) => {
  if (request.url !== '/control') {
    state.asked[request.url] = (state.asked[request.url] ?? 0) + 1;
    if (state.away) request.socket.destroy(); else answer(request, response);
    return;
  }
  let body = '';
  request.on('data', (part) => { body += part; });
  request.on('end', () => {
    const { jwks, claims, away } = JSON.parse(body);
    if (jwks) provide(issuer, jwks);
    Object.assign(state.claims, claims);
    state.away = away ?? state.away;
    response.end(JSON.stringify(state.asked));
  });
});

let issuer;
lines.once('line', (line) => {
  server.listen(0, '127.0.0.1', () => {
    issuer = `http://127.0.0.1:${server.address().port}`;
    provide(issuer, JSON.parse(line).jwks);
    console.log(`issuer ${issuer}`);
  });
});
lines.once('close', () => process.exit());
