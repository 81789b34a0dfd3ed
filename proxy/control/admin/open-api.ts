// The routes as OpenAPI 3.1, for programs and for whoever reads schema/admin.openapi.json.

import type { Field } from './field.ts';
import { type Route, ROUTES } from './routes.ts';

/** `version` is left out of the file, which is the same for every release that has the same routes. */
export function renderOpenApi(): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, route] of Object.entries(ROUTES) as [string, Route][]) {
    const path = (paths[route.path] ??= {});
    path[route.method.toLowerCase()] = operation(name, route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Pinhole admin API',
      version: '1',
      description:
        'Of one node, at its admin.address. Reads on loopback need no token; every change does, and off loopback every request. docs/admin.md',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'http://127.0.0.1:9901' }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'admin.token' },
        basic: { type: 'http', scheme: 'basic', description: 'any user, and admin.token as the password: for browsers' },
      },
      schemas: {
        Error: { type: 'object', required: ['error'], properties: { error: { type: 'string', description: 'what is wrong, in words' } } },
      },
    },
  };
}

function operation(operationId: string, { method, summary, input, answer }: Route): Record<string, unknown> {
  const isChange = method === 'POST';
  const fields = Object.entries(input);
  const parameters = fields
    .filter(([, field]) => !isChange || field.in === 'path')
    .map(([name, field]) => ({
      ...{ name, in: field.in ?? 'query', description: field.description },
      ...(field.required ? { required: true } : {}),
      schema: schemaOf(field),
    }));
  const inBody = fields.filter(([, field]) => isChange && field.in !== 'path');
  return {
    operationId,
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(isChange ? { requestBody: bodyOf(inBody) } : {}),
    security: isChange ? [{ bearer: [] }, { basic: [] }] : [{}, { bearer: [] }, { basic: [] }],
    responses: { 200: answerOf(answer), ...refusals(fields.length > 0, isChange) },
  };
}

function bodyOf(fields: readonly (readonly [string, Field])[]): Record<string, unknown> {
  const properties = Object.fromEntries(fields.map(([name, field]) => [name, { ...schemaOf(field), description: field.description }]));
  const required = fields.filter(([, field]) => field.required).map(([name]) => name);
  const schema = { type: 'object', additionalProperties: false, properties, ...(required.length > 0 ? { required } : {}) };
  return { required: true, content: { 'application/json': { schema } } };
}

function schemaOf(field: Field): Record<string, unknown> {
  switch (field.kind) {
    case 'text':
      return { type: 'string', maxLength: field.max, ...(field.pattern === undefined ? {} : { pattern: field.pattern }) };
    case 'flag':
      return { type: 'boolean' };
    case 'choice':
      return { type: 'string', enum: field.values, ...(field.default === undefined ? {} : { default: field.default }) };
    case 'whole':
    case 'number': {
      const type = field.kind === 'whole' ? 'integer' : 'number';
      return { type, minimum: field.min, maximum: field.max, ...(field.default === undefined ? {} : { default: field.default }) };
    }
  }
}

function answerOf(answer: Route['answer']): Record<string, unknown> {
  if (typeof answer === 'string') {
    const type = answer.startsWith('text/event-stream') ? 'text/event-stream' : 'application/json';
    return { description: answer, content: { [type]: {} } };
  }
  const properties = Object.fromEntries(Object.entries(answer).map(([name, description]) => [name, { description }]));
  const schema = { type: 'object', required: Object.keys(answer), properties };
  return { description: 'as it is now', content: { 'application/json': { schema } } };
}

function refusals(hasInput: boolean, isChange: boolean): Record<string, unknown> {
  const refusal = (description: string): Record<string, unknown> => ({
    description,
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  });
  return {
    ...(hasInput
      ? { 400: refusal('something that was sent is not as it has to be'), 404: refusal('there is no such tunnel, or no such path') }
      : {}),
    401: refusal('a token is needed'),
    403: refusal('the Host is not the admin address, or a page of another site asks'),
    ...(isChange ? { 409: refusal('not now'), 413: refusal('the body is too long'), 415: refusal('the body is not JSON') } : {}),
    503: refusal('who would know does not answer, or there are too many listeners'),
  };
}
