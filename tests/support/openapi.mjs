// The server's own description of its HTTP API, and whether an answer is as it says.
import assert from 'node:assert/strict';
import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { request } from './http.mjs';

const pointer = (...steps) => steps.map((step) => '/' + step.replaceAll('~', '~0').replaceAll('/', '~1')).join('');

export class Api {
  constructor(document) {
    this.document = document;
    // The document is not a schema itself, but schemas lie in it and name each other.
    this.ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: true });
    addFormats(this.ajv);
    this.ajv.addSchema(document, 'api');
    this.bodies = new Map();
    this.operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
    );
  }

  static async of(server) {
    const answer = await request(server, '/openapi.json');
    assert.equal(answer.status, 200);
    return new Api(answer.json());
  }

  // What is wrong with the document itself by the rules of OpenAPI.
  static async faults(document) {
    const result = await new Validator().validate(document);
    return result.valid ? [] : result.errors;
  }

  bodyCheck(operation, status, media) {
    const { path, method } = operation;
    const steps = ['paths', path, method.toLowerCase(), 'responses', status, 'content', media, 'schema'];
    const place = `#${pointer(...steps)}`;
    if (!this.bodies.has(place)) this.bodies.set(place, this.ajv.compile({ $ref: `api${place}` }));
    return this.bodies.get(place);
  }

  // Fails when the answer { status, headers, text } is not one that the operation describes.
  check(operation, answer, what = `${operation.method} ${operation.path}`) {
    const described = operation.responses[answer.status];
    assert.ok(described, `${what}: status ${answer.status} is not described: ${answer.text.slice(0, 300)}`);
    if (operation.method === 'HEAD') return assert.equal(answer.text, '', `${what}: HEAD has no body`);
    const media = (answer.headers['content-type'] ?? '').split(';')[0];
    if (!described.content) return assert.equal(answer.text, '', `${what}: a body that is not described`);
    assert.ok(described.content[media], `${what}: ${answer.status} is described without ${media}`);
    if (media !== 'application/json') return;
    const valid = this.bodyCheck(operation, String(answer.status), media);
    const body = JSON.parse(answer.text);
    assert.ok(
      valid(body),
      `${what}: ${answer.status} ${answer.text.slice(0, 500)}\n${JSON.stringify(valid.errors?.slice(0, 5))}`,
    );
  }
}
