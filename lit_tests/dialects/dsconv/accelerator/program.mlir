// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s

dsconv.unit @pw {
^bb0(%input: tensor<1x4x2x2xsi8>):
  %k = dsconv.constant dense<1> : tensor<8x4xsi8>
  %b0 = dsconv.constant dense<0> : tensor<8xi32>
  %made = dsconv.pointwise "pw"(%input, %k, %b0) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x4x2x2xsi8>, tensor<8x4xsi8>, tensor<8xi32>) -> tensor<1x8x2x2xsi8>
  dsconv.unit_yield %made : tensor<1x8x2x2xsi8>
}
// CHECK: dsconv.unit @pw {
// CHECK: dsconv.unit_yield %{{.*}} : tensor<1x8x2x2xsi8>

%a, %b, %c = "test.op"() : () -> (index, index, i1)

%in = dsconv.map "in" at 0 : memref<4x2x2xsi8, #dsconv.space<l2>>
// CHECK: %in = dsconv.map "in" at 0 : memref<4x2x2xsi8, #dsconv.space<l2>>
%out = dsconv.map "out" at 96 : memref<8x2x2xsi8, #dsconv.space<l2>>
// CHECK-NEXT: %out = dsconv.map "out" at 96 : memref<8x2x2xsi8, #dsconv.space<l2>>

%x = dsconv.patch "x" {copies = 2 : i64} as memref<4x1x2xsi8, #dsconv.space<l1>>
// CHECK-NEXT: %x = dsconv.patch "x" {copies = 2 : i64} as memref<4x1x2xsi8, #dsconv.space<l1>>
%w = dsconv.patch "w" as memref<16xsi8, #dsconv.space<l1>>
// CHECK-NEXT: %w = dsconv.patch "w" as memref<16xsi8, #dsconv.space<l1>>
%sums = dsconv.patch "sums" sums as memref<8x1x2xi32, #dsconv.space<l1>>
// CHECK-NEXT: %sums = dsconv.patch "sums" sums as memref<8x1x2xi32, #dsconv.space<l1>>
%y = dsconv.patch "y" over %sums : memref<8x1x2xi32, #dsconv.space<l1>> as memref<8x1x2xsi8, #dsconv.space<l1>>
// CHECK-NEXT: %y = dsconv.patch "y" over %sums : memref<8x1x2xi32, #dsconv.space<l1>> as memref<8x1x2xsi8, #dsconv.space<l1>>

dsconv.fetch %in[%a to %b, %a to %b, %a to %b] to %x when %c : memref<4x2x2xsi8, #dsconv.space<l2>> to memref<4x1x2xsi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.fetch %in[%{{.*}} to %{{.*}}, %{{.*}} to %{{.*}}, %{{.*}} to %{{.*}}] to %x when %{{.*}} : memref<4x2x2xsi8, #dsconv.space<l2>> to memref<4x1x2xsi8, #dsconv.space<l1>>
dsconv.fetch_weights @pw[%a to %b, %a to %b] at %a to %w : memref<16xsi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.fetch_weights @pw[%{{.*}} to %{{.*}}, %{{.*}} to %{{.*}}] at %{{.*}} to %w : memref<16xsi8, #dsconv.space<l1>>
dsconv.compute @pw[%a to %b, %a to %b, %a to %b] from %x with %w : memref<16xsi8, #dsconv.space<l1>> in %y : memref<4x1x2xsi8, #dsconv.space<l1>> to memref<8x1x2xsi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.compute @pw[%{{.*}} to %{{.*}}, %{{.*}} to %{{.*}}, %{{.*}} to %{{.*}}] from %x with %w : memref<16xsi8, #dsconv.space<l1>> in %y : memref<4x1x2xsi8, #dsconv.space<l1>> to memref<8x1x2xsi8, #dsconv.space<l1>>
dsconv.clear %sums : memref<8x1x2xi32, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.clear %sums : memref<8x1x2xi32, #dsconv.space<l1>>
dsconv.accumulate @pw[%a to %b, %a to %b, %a to %b] over %a to %b from %x with %w in %sums : memref<4x1x2xsi8, #dsconv.space<l1>>, memref<16xsi8, #dsconv.space<l1>> to memref<8x1x2xi32, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.accumulate @pw[%{{.*}} to %{{.*}}, %{{.*}} to %{{.*}}, %{{.*}} to %{{.*}}] over %{{.*}} to %{{.*}} from %x with %w in %sums : memref<4x1x2xsi8, #dsconv.space<l1>>, memref<16xsi8, #dsconv.space<l1>> to memref<8x1x2xi32, #dsconv.space<l1>>
dsconv.finish @pw[%a to %b, %a to %b, %a to %b] from %sums in %y : memref<8x1x2xi32, #dsconv.space<l1>> to memref<8x1x2xsi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.finish @pw[%{{.*}} to %{{.*}}, %{{.*}} to %{{.*}}, %{{.*}} to %{{.*}}] from %sums in %y : memref<8x1x2xi32, #dsconv.space<l1>> to memref<8x1x2xsi8, #dsconv.space<l1>>
dsconv.put %y to %out[%a to %b, %a to %b, %a to %b] : memref<8x1x2xsi8, #dsconv.space<l1>> to memref<8x2x2xsi8, #dsconv.space<l2>>
// CHECK-NEXT: dsconv.put %y to %out[%{{.*}} to %{{.*}}, %{{.*}} to %{{.*}}, %{{.*}} to %{{.*}}] : memref<8x1x2xsi8, #dsconv.space<l1>> to memref<8x2x2xsi8, #dsconv.space<l2>>
dsconv.release %x : memref<4x1x2xsi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.release %x : memref<4x1x2xsi8, #dsconv.space<l1>>
