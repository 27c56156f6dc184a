/**
 * Both passes read and write square roots of light: close to how eyes see steps, so 8 bits are enough and filters leave no
 * dark halos.
 */

export const FULL_SCREEN_VERTEX = /* glsl */ `
varying vec2 vUv;
void main() {
  vUv = uv;
  gl_Position = vec4(position.xy, 0.0, 1.0);
}`

/**
 * The autoencoder of a small model draws cell by cell, and the seams between its cells show. Within two pixels of a seam the
 * picture is led over in a straight line from one side to the other, the less the more the sides differ: then it is likely to be
 * an edge of the world.
 */
export const SEAM_FRAGMENT = /* glsl */ `
uniform sampler2D map;
uniform ivec2 size;
/** Pixels of one cell; 0 leaves the seams as they are. */
uniform vec2 cell;
const float REACH = 2.0;

vec3 at(ivec2 pixel) {
  return sqrt(texelFetch(map, clamp(pixel, ivec2(0), size - 1), 0).rgb);
}

/** Signed pixels from the nearest seam to the middle of a pixel; far away where there is none. */
float fromSeam(int pixel, float cellSize, int length) {
  if (cellSize <= 0.0) return 1e3;
  float place = float(pixel) + 0.5;
  float seam = round(place / cellSize) * cellSize;
  return seam < 0.5 || seam > float(length) - 0.5 ? 1e3 : place - seam;
}

vec3 lead(vec3 own, vec3 before, vec3 behind, float distance) {
  float share = (distance + REACH + 0.5) / (2.0 * REACH + 1.0);
  float step = length(behind - before);
  return mix(own, mix(before, behind, share), 1.0 - 0.6 * smoothstep(0.15, 0.5, step));
}

vec3 acrossX(ivec2 pixel) {
  vec3 own = at(pixel);
  float distance = fromSeam(pixel.x, cell.x, size.x);
  if (abs(distance) > REACH) return own;
  int seam = int(round(float(pixel.x) + 0.5 - distance));
  int reach = int(REACH);
  return lead(own, at(ivec2(seam - reach - 1, pixel.y)), at(ivec2(seam + reach, pixel.y)), distance);
}

void main() {
  ivec2 pixel = ivec2(gl_FragCoord.xy);
  vec3 colour = acrossX(pixel);
  float distance = fromSeam(pixel.y, cell.y, size.y);
  if (abs(distance) <= REACH) {
    int seam = int(round(float(pixel.y) + 0.5 - distance));
    int reach = int(REACH);
    vec3 before = acrossX(ivec2(pixel.x, seam - reach - 1));
    vec3 behind = acrossX(ivec2(pixel.x, seam + reach));
    colour = lead(colour, before, behind, distance);
  }
  gl_FragColor = vec4(colour, 1.0);
}`

/**
 * Enlarges. `clear`: Catmull-Rom in nine bilinear samples (after Jorge Jimenez, "Filmic SMAA", SIGGRAPH 2016), sharpened, and
 * kept between the nearest pixels so that nothing rings. `soft`: bilinear. `pixels`: hard squares.
 */
export const ENLARGE_FRAGMENT = /* glsl */ `
uniform sampler2D map;
uniform vec2 size;
/** Part of the picture that the window shows. */
uniform vec2 shown;
uniform int filterKind;
varying vec2 vUv;
/** More would show the decoder's own fine noise. */
const float SHARPEN = 0.2;

vec3 catmullRom(vec2 place) {
  vec2 middle = floor(place - 0.5) + 0.5;
  vec2 f = place - middle;
  vec2 w0 = f * (-0.5 + f * (1.0 - 0.5 * f));
  vec2 w1 = 1.0 + f * f * (-2.5 + 1.5 * f);
  vec2 w2 = f * (0.5 + f * (2.0 - 1.5 * f));
  vec2 w3 = f * f * (-0.5 + 0.5 * f);
  vec2 w12 = w1 + w2;
  vec2 p0 = (middle - 1.0) / size;
  vec2 p3 = (middle + 2.0) / size;
  vec2 p12 = (middle + w2 / w12) / size;
  vec3 sum = texture2D(map, vec2(p0.x, p0.y)).rgb * w0.x * w0.y;
  sum += texture2D(map, vec2(p12.x, p0.y)).rgb * w12.x * w0.y;
  sum += texture2D(map, vec2(p3.x, p0.y)).rgb * w3.x * w0.y;
  sum += texture2D(map, vec2(p0.x, p12.y)).rgb * w0.x * w12.y;
  sum += texture2D(map, vec2(p12.x, p12.y)).rgb * w12.x * w12.y;
  sum += texture2D(map, vec2(p3.x, p12.y)).rgb * w3.x * w12.y;
  sum += texture2D(map, vec2(p0.x, p3.y)).rgb * w0.x * w3.y;
  sum += texture2D(map, vec2(p12.x, p3.y)).rgb * w12.x * w3.y;
  sum += texture2D(map, vec2(p3.x, p3.y)).rgb * w3.x * w3.y;
  return sum;
}

vec3 clear(vec2 place) {
  ivec2 corner = ivec2(floor(place - 0.5));
  ivec2 last = ivec2(size) - 1;
  vec3 a = texelFetch(map, clamp(corner, ivec2(0), last), 0).rgb;
  vec3 b = texelFetch(map, clamp(corner + ivec2(1, 0), ivec2(0), last), 0).rgb;
  vec3 c = texelFetch(map, clamp(corner + ivec2(0, 1), ivec2(0), last), 0).rgb;
  vec3 d = texelFetch(map, clamp(corner + ivec2(1, 1), ivec2(0), last), 0).rgb;
  vec3 around = 0.25 * (
    texture2D(map, (place + vec2(1.5, 0.5)) / size).rgb + texture2D(map, (place + vec2(-0.5, 1.5)) / size).rgb +
    texture2D(map, (place + vec2(-1.5, -0.5)) / size).rgb + texture2D(map, (place + vec2(0.5, -1.5)) / size).rgb);
  vec3 sharp = catmullRom(place);
  sharp += SHARPEN * (sharp - around);
  vec3 slack = vec3(0.02);
  return clamp(sharp, min(min(a, b), min(c, d)) - slack, max(max(a, b), max(c, d)) + slack);
}

/** Half a step of noise: the slopes of an enlarged picture show no bands. */
float dither(vec2 pixel) {
  return (fract(52.9829189 * fract(dot(pixel, vec2(0.06711056, 0.00583715)))) - 0.5) / 255.0;
}

void main() {
  // The first row of a picture is its top.
  vec2 uv = (vec2(vUv.x, 1.0 - vUv.y) - 0.5) * shown + 0.5;
  vec3 colour;
  if (filterKind == 0) colour = clear(uv * size);
  else if (filterKind == 1) colour = texture2D(map, uv).rgb;
  else colour = texelFetch(map, clamp(ivec2(uv * size), ivec2(0), ivec2(size) - 1), 0).rgb;
  colour = max(colour, 0.0);
  gl_FragColor = vec4(colour * colour, 1.0);
  #include <colorspace_fragment>
  gl_FragColor.rgb += dither(gl_FragCoord.xy);
}`
