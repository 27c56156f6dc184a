import { type IUniform, type Material, Matrix4, ShaderMaterial, Vector2, Vector3 } from 'three'
import type { WorldDepthTexture } from './world-depth-texture.ts'
import type { WorldTexture } from './world-texture.ts'

/** Where a portal is looked at from; written before each rendering. */
export interface PortalLook {
  /** From the portal's own coordinates to right, up and forward of the camera of the frame shown. */
  readonly toEye: { value: Matrix4 }
  /** The scene's camera in the same axes. */
  readonly viewer: { value: Vector3 }
  /** Half the picture's width and height at distance 1. */
  readonly halfSize: { value: Vector2 }
  /** Largest inverse depth of the frame, 1/blocks. */
  readonly nearest: { value: number }
}

/** Places along a ray that are compared with the depth of the frame. */
export const RAY_STEPS = 20

const VERTEX = /* glsl */ `
uniform mat4 toEye;
varying vec3 vPlace;
#include <common>
#include <logdepthbuf_pars_vertex>
void main() {
  vPlace = (toEye * vec4(position, 1.0)).xyz;
  gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
  #include <logdepthbuf_vertex>
}`

/**
 * Along a ray, the place in the picture is linear in inverse depth \`w\`: \`far + slope * w\`. So the ray goes from the
 * opening (w = start) to infinity (w = 0) in straight steps, closer together where it is far, until the frame has something
 * nearer than it.
 */
const FRAGMENT = /* glsl */ `
uniform sampler2D map;
uniform sampler2D inverseDepth;
uniform vec3 viewer;
uniform vec2 halfSize;
uniform float nearest;
varying vec3 vPlace;
#include <common>
#include <logdepthbuf_pars_fragment>
vec2 inPicture(vec2 place) { return vec2(0.5, 0.5) + vec2(0.5, -0.5) * place; }
void main() {
  #include <logdepthbuf_fragment>
  vec3 ray = vPlace - viewer;
  vec2 far = ray.xy / max(ray.z, 1e-4);
  vec2 slope = (viewer.xy - viewer.z * far) / halfSize;
  far /= halfSize;
  float start = min(nearest, 1.0 / max(vPlace.z, 1e-4));
  float hit = start;
  float gap = start - texture2D(inverseDepth, inPicture(far + slope * start)).r;
  if (gap > 0.0) {
    for (int i = 1; i <= RAY_STEPS; i++) {
      float share = 1.0 - float(i) / float(RAY_STEPS);
      float w = start * share * share;
      float next = w - texture2D(inverseDepth, inPicture(far + slope * w)).r;
      if (next <= 0.0) {
        hit = mix(hit, w, gap / (gap - next));
        break;
      }
      hit = w;
      gap = next;
    }
  }
  gl_FragColor = vec4(texture2D(map, inPicture(far + slope * hit)).rgb, 1.0);
  #include <colorspace_fragment>
}`

/** For WebGLRenderer: the frame as its own depth shows it from where the viewer is. */
export function portalMaterial(map: WorldTexture, inverseDepth: WorldDepthTexture, look: PortalLook): Material {
  const uniforms: Record<string, IUniform> = { ...look, map: { value: map }, inverseDepth: { value: inverseDepth } }
  const defines = { RAY_STEPS }
  return new ShaderMaterial({ uniforms, defines, vertexShader: VERTEX, fragmentShader: FRAGMENT, toneMapped: false })
}

export function newLook(): PortalLook {
  return {
    toEye: { value: new Matrix4() },
    viewer: { value: new Vector3() },
    halfSize: { value: new Vector2(1, 1) },
    nearest: { value: 1 },
  }
}
