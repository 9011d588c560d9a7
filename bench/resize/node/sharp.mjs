// A server that resizes the files of a folder with sharp, at the qualities that
// Thumbery has: node server.mjs DIR PORT, GET /FILE?w=300&h=300&f=webp
import { createServer } from 'node:http'
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import sharp from 'sharp'

sharp.cache(false)
sharp.concurrency(1)
const [dir, port] = process.argv.slice(2)

// As many pictures at once as there are CPUs, as libuv has four threads.
let free = availableParallelism()
const waiting = []
const enter = () => free > 0 ? (free--, Promise.resolve()) : new Promise(r => waiting.push(r))
const leave = () => waiting.length ? waiting.shift()() : free++

const resize = async url => {
  const asked = url.searchParams, height = Number(asked.get('h')) || undefined
  const source = await readFile(join(dir, basename(decodeURIComponent(url.pathname))))
  let image = sharp(source).rotate()
    .resize({ width: Number(asked.get('w')), height, withoutEnlargement: true })
  if (asked.get('f') === 'webp') image = image.webp({ quality: 79 })
  else if (source[0] === 0xff) image = image.jpeg({ quality: 80 })
  return image.toBuffer({ resolveWithObject: true })
}

createServer(async (request, response) => {
  await enter()
  try {
    const { data, info } = await resize(new URL(request.url, 'http://localhost'))
    response.writeHead(200, { 'Content-Type': 'image/' + info.format }).end(data)
  } catch (error) {
    response.writeHead(500, { 'Content-Type': 'text/plain' }).end(String(error))
  } finally {
    leave()
  }
}).listen(Number(port), '127.0.0.1')
