import type { JSX } from 'preact';
import type { ApiResult, Health } from '../client/api';

const names: Record<string, string> = { mongodb: 'Database', store: 'Database', sqlite: 'Database', llm: 'Models', bus: 'Message bus', redis: 'Redis' };

/** The server's state in a sentence, and each thing that it depends on. */
export function HealthPanel({ health }: { health: ApiResult<Health> | undefined }): JSX.Element {
  const { light, title, detail } = summary(health);
  const checks = health?.ok ? health.value.checks : [];
  return (
    <section class="health" id="health" aria-labelledby="health-title">
      <div class="health-main">
        <span class={`indicator ${light}`} aria-hidden="true" />
        <div>
          <h2 id="health-title">{title}</h2>
          <p>{detail}</p>
        </div>
      </div>
      <dl class="checks">
        {checks.map((check) => (
          <div key={check.name}>
            <span class={`indicator ${check.ok ? 'connected' : 'disconnected'}`} aria-hidden="true" />
            <dt>{names[check.name] ?? check.name}</dt>
            <dd>{check.ok ? 'ready' : (check.reason ?? 'not ready')}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function summary(health: ApiResult<Health> | undefined): { light: string; title: string; detail: string } {
  if (!health) return { light: 'connecting', title: 'Asking the server', detail: 'One moment.' };
  if (!health.ok) return { light: 'disconnected', title: 'No answer', detail: 'The server cannot be reached from here.' };
  if (!health.value.live) return { light: 'disconnected', title: 'Not healthy', detail: 'The server answers, but reports a failure.' };
  if (!health.value.ready) return { light: 'connecting', title: 'Not ready', detail: 'Something that the server needs is missing.' };
  return { light: 'connected', title: 'Healthy', detail: 'The server and everything that it needs are working.' };
}
