import { Tempera } from '/dist/index.js';

const t = await Tempera.load({ model: '/models/starry-night.onnx' });
const canvas = document.querySelector('canvas');
const context = canvas.getContext('2d');
context.fillRect(20, 20, 60, 60);
context.drawImage(await t.paint(canvas), 0, 0);
document.title = `painted by ${t.info.build} with ${t.info.threads}`;
t.close();
