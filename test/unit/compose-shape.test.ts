import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

interface Service {
  readonly build: { readonly context: string; readonly dockerfile: string };
  readonly hostname: string;
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
  readonly healthcheck: { readonly test: readonly string[]; readonly interval: string };
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const text = readFileSync(join(ROOT, 'docker-compose.test.yml'), 'utf8');
const compose = parse(text, { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const services = Object.entries(compose.services);

test('there are at least three hosts, each with a name of its own', () => {
  expect(services.length).toBeGreaterThanOrEqual(3);
  // The name of the host key's file, by which the client files find it.
  for (const [name, { hostname }] of services) expect(hostname).toBe(name);
});

describe.each(services)('%s', (_, service) => {
  const context = join(ROOT, service.build.context);
  const dockerfile = readFileSync(join(context, service.build.dockerfile), 'utf8');

  test('is debian:bookworm-slim with openssh-server, and ends up as sshd', () => {
    expect(dockerfile.match(/^FROM .*/gm)).toEqual(['FROM debian:bookworm-slim']);
    expect(dockerfile).toContain('apt-get install -y --no-install-recommends openssh-server');
    const program = /^CMD \["sh", "\/usr\/local\/bin\/([^"]+)"\]$/m.exec(dockerfile)?.[1] ?? '';
    expect(readFileSync(join(context, program), 'utf8')).toMatch(/^exec \/usr\/sbin\/sshd -D/m);
  });

  test('has a health check that asks sshd', () => {
    expect(service.healthcheck.test[0]).toBe('CMD-SHELL');
    expect(service.healthcheck.test[1]).toContain('ssh-keyscan');
    expect(service.healthcheck.interval).toMatch(/^\d+s$/);
  });

  test('has port 22 on a free port of loopback, and no other', () => {
    expect(service.ports).toEqual(['127.0.0.1::22']);
  });

  test('shares the keys by a declared volume', () => {
    expect(service.volumes).toEqual(['keys:/keys']);
    expect(Object.keys(compose.volumes)).toContain('keys');
  });

  test('gets no secret by its environment, its arguments or its files', () => {
    for (const key of ['environment', 'env_file', 'secrets', 'configs', 'network_mode', 'privileged']) {
      expect(service).not.toHaveProperty(key);
    }
    expect(service.build).not.toHaveProperty('args');
    expect(dockerfile).not.toMatch(/^(ARG|ENV|ADD)\b/m);
  });

  test('no key is built into the image', () => {
    expect(dockerfile).toContain('/etc/ssh/ssh_host_*');
    const copied = [...dockerfile.matchAll(/^COPY (\S+)/gm)].map(([, file = '']) => file);
    for (const file of copied) {
      expect(existsSync(join(context, file)), file).toBe(true);
      expect(readFileSync(join(context, file), 'utf8')).not.toMatch(/PRIVATE KEY|ssh-ed25519 AAAA/);
    }
    for (const file of readdirSync(context)) expect(file).not.toMatch(/\.(pub|pem|key)$|^id_/);
  });

  test('its sshd lets in nobody by password', () => {
    const config = readFileSync(join(context, 'sshd_config'), 'utf8').split('\n');
    expect(config).toEqual(
      expect.arrayContaining([
        'AuthenticationMethods publickey',
        'PasswordAuthentication no',
        'KbdInteractiveAuthentication no',
        'AllowUsers tester',
      ]),
    );
  });
});
