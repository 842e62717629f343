//go:build !purego

#include "textflag.h"

// func descendLanes(n int, theta, first, second, gradient *float32, s *step)
//
// Y0 … Y6 hold the step's numbers, Y7 the gradient, Y8 and Y9 the moments. No
// multiply-add is fused: the results are those of the loop in Go, bit for bit.
TEXT ·descendLanes(SB), NOSPLIT, $0-48
	MOVQ n+0(FP), CX
	MOVQ theta+8(FP), DI
	MOVQ first+16(FP), R8
	MOVQ second+24(FP), R9
	MOVQ gradient+32(FP), SI
	MOVQ s+40(FP), DX
	VBROADCASTSS (DX), Y0
	VBROADCASTSS 4(DX), Y1
	VBROADCASTSS 8(DX), Y2
	VBROADCASTSS 12(DX), Y3
	VBROADCASTSS 16(DX), Y4
	VBROADCASTSS 20(DX), Y5
	VBROADCASTSS 24(DX), Y6
	XORQ AX, AX

loop:
	VMOVUPS (SI)(AX*4), Y7
	VMULPS  (R8)(AX*4), Y0, Y8
	VMULPS  Y7, Y1, Y10
	VADDPS  Y10, Y8, Y8         // m
	VMULPS  (R9)(AX*4), Y2, Y9
	VMULPS  Y7, Y3, Y10
	VMULPS  Y7, Y10, Y10
	VADDPS  Y10, Y9, Y9         // v
	VMOVUPS Y8, (R8)(AX*4)
	VMOVUPS Y9, (R9)(AX*4)
	VSQRTPS Y9, Y9
	VMULPS  Y5, Y9, Y9
	VADDPS  Y6, Y9, Y9
	VMULPS  Y4, Y8, Y8
	VDIVPS  Y9, Y8, Y8
	VMOVUPS (DI)(AX*4), Y10
	VSUBPS  Y8, Y10, Y10
	VMOVUPS Y10, (DI)(AX*4)
	ADDQ    $8, AX
	CMPQ    AX, CX
	JLT     loop

	VZEROUPPER
	RET
