import { load, save } from '../files';

export async function convert(
  from: string,
  to: string,
  { model: name, half, json }: { model?: string; half?: boolean; json?: boolean },
): Promise<void> {
  const model = await load(from, { model: name, dtype: 'f32' });
  await save(model, to, { half });
  const { metadata } = model;
  if (json) console.log(JSON.stringify({ in: from, out: to, metadata }));
  else console.log(`${to}: ${metadata.name}, unit ${metadata.unit}, ${metadata.classes} classes`);
}
