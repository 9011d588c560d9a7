// node quality.mjs IN OUT.jpg WIDTH HEIGHT QUALITY
import sharp from 'sharp'

const [input, output, width, height, quality] = process.argv.slice(2)
await sharp(input).rotate()
  .resize({ width: Number(width), height: Number(height), fit: 'fill' })
  .jpeg({ quality: Number(quality) })
  .toFile(output)
