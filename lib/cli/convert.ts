import { load, save } from '../models';

export async function convert(
  from: string,
  to: string,
  { model: name, half, json }: { model?: string; half?: boolean; json?: boolean },
): Promise<void> {
  const model = await load(from, { model: name });
  await save(model, to, { half });
  const { metadata } = model;
  if (json) console.log(JSON.stringify({ in: from, out: to, metadata }));
  else console.log(`${to}: ${metadata.name}, unit ${metadata.unit}, ${metadata.classes} classes`);
}
