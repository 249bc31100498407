// RUN: xdsl-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

dsconv.unit @empty {
^bb0(%input: tensor<1x4x2x2xsi8>):
  dsconv.unit_yield %input : tensor<1x4x2x2xsi8>
}
// CHECK: a unit ends with a dsconv.unit_yield of what its layer makes

// -----

%m = dsconv.map "m" at 0 : memref<4x2x2xsi8, #dsconv.space<l1>>
// CHECK: a map lies in l2, not in l1

// -----

%m = dsconv.map "m" at -1 : memref<4x2x2xsi8, #dsconv.space<l2>>
// CHECK: an offset in DRAM is not negative

// -----

%p = dsconv.patch "p" {copies = 3 : i64} as memref<4x2x2xsi8, #dsconv.space<l1>>
// CHECK: a patch is there 1 or 2 times, not 3

// -----

%p = dsconv.patch "p" as memref<4x2x2xsi8, #dsconv.space<l2>>
// CHECK: a patch lies in l1, not in l2

// -----

%a, %p, %q = "test.op"() : () -> (index, memref<4x2x2xsi8, #dsconv.space<l1>>, memref<4x2x2xsi8, #dsconv.space<l1>>)
dsconv.fetch %p[%a to %a, %a to %a, %a to %a] to %q : memref<4x2x2xsi8, #dsconv.space<l1>> to memref<4x2x2xsi8, #dsconv.space<l1>>
// CHECK: a map lies in l2, not in l1

// -----

%a, %p, %q = "test.op"() : () -> (index, memref<4x2x2xsi8, #dsconv.space<l1>>, memref<4x2x2xsi8, #dsconv.space<l1>>)
dsconv.finish @pw[%a to %a, %a to %a, %a to %a] from %p in %q : memref<4x2x2xsi8, #dsconv.space<l1>> to memref<4x2x2xsi8, #dsconv.space<l1>>
// CHECK: partial sums are i32, got memref<4x2x2xsi8, #dsconv.space<l1>>

// -----

%a, %p, %w = "test.op"() : () -> (index, memref<4x2x2xsi8, #dsconv.space<l1>>, memref<16xsi8, #dsconv.space<l2>>)
dsconv.fetch_weights @pw[%a to %a, %a to %a] at %a to %w : memref<16xsi8, #dsconv.space<l2>>
// CHECK: weights lie in l1, not in l2
