//go:build !purego

#include "textflag.h"

// Offsets of lanesConstants.
#define SIGN     0(DX)
#define LOWEST   32(DX)
#define LOG2E    64(DX)
#define LN2HIGH  96(DX)
#define LN2LOW   128(DX)
#define ONE      160(DX)
#define HALF     192(DX)
#define C3       224(DX)
#define C4       256(DX)
#define C5       288(DX)
#define C6       320(DX)
#define C7       352(DX)

// EXP is Y1 = exp(−|Y0|), with 2ⁿ·e^r and e^r by its series; Y0 and Y2 are lost. A NaN
// stays one: of two operands VMAXPS takes the first here if any is NaN.
#define EXP \
	VORPS        SIGN, Y0, Y0    \
	VMOVUPS      LOWEST, Y2      \
	VMAXPS       Y0, Y2, Y0      \
	VMULPS       LOG2E, Y0, Y2   \
	VROUNDPS     $0, Y2, Y2      \
	VFNMADD231PS LN2HIGH, Y2, Y0 \
	VFNMADD231PS LN2LOW, Y2, Y0  \
	VMOVUPS      C7, Y1          \
	VFMADD213PS  C6, Y0, Y1      \
	VFMADD213PS  C5, Y0, Y1      \
	VFMADD213PS  C4, Y0, Y1      \
	VFMADD213PS  C3, Y0, Y1      \
	VFMADD213PS  HALF, Y0, Y1    \
	VFMADD213PS  ONE, Y0, Y1     \
	VFMADD213PS  ONE, Y0, Y1     \
	VCVTPS2DQ    Y2, Y2          \
	VPSLLD       $23, Y2, Y2     \
	VPADDD       Y2, Y1, Y1

// func bernoulliLanes(n int, l, x *float32, c *[12][8]float32, sums, products *[8]float64)
TEXT ·bernoulliLanes(SB), NOSPLIT, $0-48
	MOVQ n+0(FP), CX
	MOVQ l+8(FP), SI
	MOVQ x+16(FP), DI
	MOVQ c+24(FP), DX
	MOVQ sums+32(FP), R8
	MOVQ products+40(FP), R9
	VXORPS    Y15, Y15, Y15 // 0
	VCVTPS2PD ONE, Y14      // 1, in float64
	VXORPS    Y8, Y8, Y8    // sums
	VXORPS    Y9, Y9, Y9
	VMOVAPS   Y14, Y10      // products
	VMOVAPS   Y14, Y11
	XORQ      AX, AX

loop:
	VMOVUPS (SI)(AX*4), Y0
	VMOVAPS Y0, Y3
	EXP
	VMAXPS       Y3, Y15, Y4
	VFNMADD231PS (DI)(AX*4), Y3, Y4
	VCVTPS2PD    X4, Y5
	VADDPD       Y5, Y8, Y8
	VEXTRACTF128 $1, Y4, X4
	VCVTPS2PD    X4, Y4
	VADDPD       Y4, Y9, Y9
	VCVTPS2PD    X1, Y5
	VADDPD       Y14, Y5, Y5
	VMULPD       Y5, Y10, Y10
	VEXTRACTF128 $1, Y1, X1
	VCVTPS2PD    X1, Y1
	VADDPD       Y14, Y1, Y1
	VMULPD       Y1, Y11, Y11
	ADDQ         $8, AX
	CMPQ         AX, CX
	JLT          loop

	VMOVUPS Y8, (R8)
	VMOVUPS Y9, 32(R8)
	VMOVUPS Y10, (R9)
	VMOVUPS Y11, 32(R9)
	VZEROUPPER
	RET

// func bernoulliGradLanes(n int, l, x, out *float32, c *[12][8]float32, upstream float32)
TEXT ·bernoulliGradLanes(SB), NOSPLIT, $0-44
	MOVQ n+0(FP), CX
	MOVQ l+8(FP), SI
	MOVQ x+16(FP), DI
	MOVQ out+24(FP), R8
	MOVQ c+32(FP), DX
	VBROADCASTSS upstream+40(FP), Y15
	VMOVUPS      ONE, Y14
	XORQ         AX, AX

loop:
	VMOVUPS   (SI)(AX*4), Y0
	VMOVAPS   Y0, Y3
	EXP
	VADDPS    Y14, Y1, Y4
	VBLENDVPS Y3, Y1, Y14, Y5 // e^−|l| where l < 0, else 1
	VDIVPS    Y4, Y5, Y5
	VSUBPS    (DI)(AX*4), Y5, Y5
	VMULPS    Y15, Y5, Y5
	VMOVUPS   Y5, (R8)(AX*4)
	ADDQ      $8, AX
	CMPQ      AX, CX
	JLT       loop

	VZEROUPPER
	RET

// func maskLanes(n int, y, upstream, out *float32)
TEXT ·maskLanes(SB), NOSPLIT, $0-32
	MOVQ   n+0(FP), CX
	MOVQ   y+8(FP), SI
	MOVQ   upstream+16(FP), DI
	MOVQ   out+24(FP), R8
	VXORPS Y15, Y15, Y15
	XORQ   AX, AX

loop:
	VCMPPS  $1, (SI)(AX*4), Y15, Y0 // 0 < y
	VANDPS  (DI)(AX*4), Y0, Y0
	VMOVUPS Y0, (R8)(AX*4)
	ADDQ    $8, AX
	CMPQ    AX, CX
	JLT     loop

	VZEROUPPER
	RET
